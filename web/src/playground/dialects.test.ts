import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { append, type Part, type Reading } from './answer'
import { type Ask, DIALECTS, TALK_DIALECTS, TALKS, type TalkProtocol } from './dialect'
import { EventReader } from './sse'

const FIXTURES = new URL('../../../tests/fixtures/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, FIXTURES), 'utf8')

/** What a stream says, cut into pieces of `size` letters. */
function streamed(protocol: TalkProtocol, text: string, size = 7): { parts: Part[]; last: Reading } {
  const reader = new EventReader()
  const events: string[] = []
  for (let at = 0; at < text.length; at += size) events.push(...reader.push(text.slice(at, at + size)))
  events.push(...reader.finish())
  const parts: Part[] = []
  const last: Reading = {}
  for (const data of events.filter((data) => data !== '[DONE]')) {
    const { pieces = [], usage, ...rest } = TALK_DIALECTS[protocol].event(JSON.parse(data))
    append(parts, pieces)
    Object.assign(last, rest, { usage: { ...last.usage, ...usage } })
  }
  return { parts, last }
}

function whole(protocol: TalkProtocol, text: string): { parts: Part[]; last: Reading } {
  const { pieces = [], ...last } = DIALECTS[protocol].whole(JSON.parse(text))
  const parts: Part[] = []
  append(parts, pieces)
  return { parts, last }
}

const said = (parts: Part[]) =>
  parts.map(({ kind, text, name }) => ({
    kind,
    // A call without arguments says nothing of them, or that there are none.
    text: kind === 'tool' ? JSON.stringify(JSON.parse(text || '{}')) : text,
    ...(name !== undefined && { name }),
  }))

/** Cases that say the same in every protocol: an answer and what the gateway makes of it for each client. */
const CASES = ['plain', 'thinking', 'tools', 'parallel_tools', 'unicode'] as const

describe.each(TALKS)('an answer of %s', (from) => {
  it.each(CASES)('says the same to every client: %s', (name) => {
    const expected = said(streamed(from, read(`stream/${from}/${name}.sse`)).parts)
    expect(expected.length).toBeGreaterThan(0)
    for (const to of TALKS) {
      const { parts, last } = streamed(to, read(`stream/${from}/${name}.${to}.sse`))
      expect(said(parts), to).toEqual(expected)
      expect(last.finish, to).toBeTruthy()
    }
  })

  it('says that it failed', () => {
    for (const to of TALKS)
      expect(streamed(to, read(`stream/${from}/odd_error.${to}.sse`)).last.error, to).toBeTruthy()
  })
})

describe('an answer that comes whole', () => {
  const cases = TALKS.flatMap((from) =>
    readdirSync(new URL(`response/${from}/`, FIXTURES))
      .filter((file) => /^(plain|text|thinking|tools|parallel_tools)\.json$/.test(file))
      .map((file) => [from, file.replace(/\.json$/, '')] as const),
  )

  it.each(cases)('says the same to every client: %s %s', (from, name) => {
    const expected = said(whole(from, read(`response/${from}/${name}.json`)).parts)
    expect(expected.length).toBeGreaterThan(0)
    for (const to of TALKS) {
      const { body } = JSON.parse(read(`response/${from}/${name}.${to}.json`)) as { body: object }
      const { parts, last } = whole(to, JSON.stringify(body))
      expect(said(parts), to).toEqual(expected)
      expect(last.usage?.output, to).toBeGreaterThan(0)
    }
  })
})

describe('a request', () => {
  const ask: Ask = {
    model: 'a/b c',
    system: 'Be short.',
    turns: [
      { role: 'user', text: 'Hi' },
      { role: 'assistant', text: 'Hello' },
      { role: 'user', text: 'Bye' },
    ],
    stream: true,
    thinking: true,
    tool: true,
    maxTokens: 500,
  }

  it.each(TALKS)('of %s carries the conversation and what was asked for', (protocol) => {
    const { path, body } = DIALECTS[protocol].request(ask)
    const text = JSON.stringify(body)
    for (const word of ['Be short.', 'Hi', 'Hello', 'Bye', 'weather']) expect(text).toContain(word)
    expect(path + text).toMatch(/stream/)
  })

  it.each(TALKS)('of %s asks for nothing that was not asked for', (protocol) => {
    const bare = { ...ask, system: '', stream: false, thinking: false, tool: false }
    const { path, body } = DIALECTS[protocol].request(bare)
    expect(JSON.stringify(body)).not.toMatch(/weather|think|reason|system|instructions/i)
    expect(path).not.toContain('stream')
  })

  it('of gemini names any model in its path', () => {
    expect(DIALECTS.gemini.request(ask).path).toBe('/v1beta/models/a%2Fb%20c:streamGenerateContent?alt=sse')
  })

  it('of messages leaves room for the answer after the thinking', () => {
    expect(DIALECTS.messages.request(ask).body).toMatchObject({
      max_tokens: 1524,
      thinking: { budget_tokens: 1024 },
    })
  })

  it.each(['images', 'embeddings'] as const)('of %s carries what was asked last', (protocol) => {
    const { body } = DIALECTS[protocol].request(ask)
    expect(Object.values(body)).toEqual(['a/b c', 'Bye'])
  })
})

describe('an answer without words', () => {
  const usage = { input_tokens: 3, output_tokens: 9, prompt_tokens: 3 }

  it('holds its images, or tells where they are', () => {
    const data = [{ b64_json: 'AAAA' }, { url: 'https://images.example/1.png' }]
    expect(DIALECTS.images.whole({ data, usage, output_format: 'webp' })).toEqual({
      pieces: [
        { kind: 'image', key: '0', text: 'data:image/webp;base64,AAAA' },
        { kind: 'image', key: '1', text: 'https://images.example/1.png' },
      ],
      usage: { input: 3, output: 9 },
    })
  })

  it('holds its numbers', () => {
    expect(DIALECTS.embeddings.whole({ data: [{ embedding: [0.5, -1] }], usage })).toEqual({
      pieces: [{ kind: 'vector', key: '0', text: '0.5, -1' }],
      usage: { input: 3 },
    })
  })
})
