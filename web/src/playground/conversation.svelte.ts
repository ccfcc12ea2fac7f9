// One conversation with a model, through a client route of this gateway. It is gone with the page.

import { append, type Part, type Reading, spoken, type Usage } from './answer'
import { type Ask, type AskProtocol, DIALECTS, isTalk, TALK_DIALECTS, type Turn } from './dialect'
import { EventReader } from './sse'

/** So much of what went over the wire is kept to be looked at. */
const MOST_EVENTS = 400
const MOST_LETTERS = 20_000

export interface Answer {
  parts: Part[]
  state: 'running' | 'done' | 'failed' | 'stopped'
  /** The HTTP status; undefined until an answer began. */
  status?: number
  requestId?: string
  channel?: string
  loss?: string
  /** Milliseconds from the request to the first content, and to the end. */
  firstMs?: number
  totalMs?: number
  usage: Usage
  finish?: string
  error?: string
  sent: string
  received: string[]
}

export interface Exchange {
  question: string
  answer: Answer
}

export type Question = Omit<Ask, 'turns'> & {
  protocol: AskProtocol
  /** Id of the channel that shall serve; empty: the scheduler's choice. */
  channel: string
  text: string
}

export class Conversation {
  exchanges = $state<Exchange[]>([])
  #abort: AbortController | undefined

  get running(): boolean {
    return this.exchanges.at(-1)?.answer.state === 'running'
  }

  stop() {
    this.#abort?.abort()
  }

  clear() {
    this.stop()
    this.exchanges = []
  }

  async send(question: Question, key: string) {
    if (this.running) return
    const turns = [...this.#history(), { role: 'user', text: question.text } as const]
    const { path, body } = DIALECTS[question.protocol].request({ ...question, turns })
    const sent = JSON.stringify(body, null, 2)
    const answer: Answer = $state({
      parts: [],
      state: 'running',
      usage: {},
      sent: `POST ${path}\n\n${sent}`,
      received: [],
    })
    this.exchanges.push({ question: question.text, answer })
    this.#abort = new AbortController()
    const begun = performance.now()
    const elapsed = () => Math.round(performance.now() - begun)
    try {
      const response = await fetch(path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          ...(question.channel && { 'x-channel': question.channel }),
        },
        credentials: 'omit',
        body: JSON.stringify(body),
        signal: this.#abort.signal,
      })
      head(answer, response)
      await this.#read(answer, response, question, elapsed)
      answer.state = answer.error === undefined ? 'done' : 'failed'
    } catch (thrown) {
      answer.state = this.#abort.signal.aborted ? 'stopped' : 'failed'
      if (answer.state === 'failed') answer.error = thrown instanceof Error ? thrown.message : String(thrown)
    }
    answer.totalMs = elapsed()
  }

  /** Failed and silent answers have no place in what is sent back. */
  #history(): Turn[] {
    return this.exchanges.flatMap(({ question, answer }): Turn[] => {
      const text = spoken(answer.parts)
      if (answer.state === 'failed' || text === '') return []
      return [
        { role: 'user', text: question },
        { role: 'assistant', text },
      ]
    })
  }

  async #read(answer: Answer, response: Response, { protocol }: Question, elapsed: () => number) {
    const streamed = response.ok && response.headers.get('content-type')?.startsWith('text/event-stream')
    if (!streamed || response.body === null || !isTalk(protocol)) {
      const text = await response.text()
      answer.received.push(text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text)
      take(answer, response.ok ? DIALECTS[protocol].whole(parsed(text)) : { error: refusal(text, response) })
      return
    }
    const dialect = TALK_DIALECTS[protocol]
    const reader = new EventReader()
    const accept = (events: string[]) => {
      for (const data of events) {
        if (answer.received.length < MOST_EVENTS) answer.received.push(data)
        if (data !== '[DONE]') take(answer, dialect.event(parsed(data)), elapsed)
      }
    }
    const stream = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await stream.read()
      if (done) break
      accept(reader.push(value))
    }
    accept(reader.finish())
  }
}

function head(answer: Answer, response: Response) {
  answer.status = response.status
  const text = (name: string) => response.headers.get(`x-causeway-${name}`) ?? undefined
  const [id, channel, loss] = [text('request-id'), text('channel'), text('loss')]
  if (id !== undefined) answer.requestId = id
  if (channel !== undefined) answer.channel = decoded(channel)
  if (loss !== undefined) answer.loss = loss
}

/** `elapsed` tells when the first content came, where it came before the end. */
function take(answer: Answer, { pieces, usage, finish, error }: Reading, elapsed?: () => number) {
  if (pieces) append(answer.parts, pieces)
  if (elapsed && answer.firstMs === undefined && answer.parts.length > 0) answer.firstMs = elapsed()
  if (usage) Object.assign(answer.usage, usage)
  if (finish !== undefined) answer.finish = finish
  if (error !== undefined) answer.error = error
}

/** What the gateway says of a refusal, in whichever shape. */
function refusal(text: string, response: Response): string {
  const body = parsed(text) as { error?: { message?: unknown } } | undefined
  const message = body?.error?.message
  return typeof message === 'string' ? message : `HTTP ${response.status} ${response.statusText}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A channel's name is percent-encoded where it is not plain ASCII. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
