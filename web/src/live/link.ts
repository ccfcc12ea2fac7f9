// One connection to the live feed: opened, kept alive, and opened again when it broke. docs/live.md tells what it says.

import type { LiveMessage } from '../api/types'

export type LinkState =
  | { name: 'off' }
  | { name: 'opening' }
  /** How things are has been told; from now on, what changes is. */
  | { name: 'live' }
  /** It is tried again at this moment, in milliseconds since the epoch. */
  | { name: 'waiting'; until: number }

/** As `GET /api/requests` names them; an empty filter leaves out nothing. */
export type LiveFilter = Readonly<Record<string, string>>

/** What is needed of a `WebSocket`. */
export interface Socket {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: (() => void) | null
  send: (text: string) => void
  close: () => void
}

interface Ends {
  open: () => Socket
  hear: (message: LiveMessage) => void
  turned: (state: LinkState) => void
  /** An attempt ended before the gateway said anything; a browser does not tell a page why. */
  refused: () => void
}

/** Until a connection has to have said something. */
const PATIENCE = 10_000
/** Something is said so often, so that no proxy takes the connection for dead. */
const PING = 30_000
/** After so long without a word the connection is taken for dead. */
const SILENCE = 75_000
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 60_000

export class Link {
  #ends: Ends
  #state: LinkState = { name: 'off' }
  #socket: Socket | undefined
  #filter: LiveFilter = {}
  /** Snapshots that are still of another filter than the one wished for, and the first that is of this one. */
  #awaited = 0
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #ping: ReturnType<typeof setInterval> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(ends: Ends) {
    this.#ends = ends
  }

  start() {
    if (this.#state.name === 'off') this.#open()
  }

  stop() {
    this.#drop()
    this.#failures = 0
    if (this.#state.name !== 'off') this.#turn({ name: 'off' })
  }

  /** What is told of requests from now on, and after every later opening. */
  wish(filter: LiveFilter) {
    if (JSON.stringify(filter) === JSON.stringify(this.#filter)) return
    this.#filter = filter
    if (this.#ping !== undefined) this.#say()
  }

  #open() {
    this.#turn({ name: 'opening' })
    const socket = this.#ends.open()
    this.#socket = socket
    this.#silence = setTimeout(() => this.#broke(), PATIENCE)
    socket.onopen = () => {
      this.#awaited = 1
      this.#ping = setInterval(() => socket.send('ping'), PING)
      if (Object.keys(this.#filter).length > 0) this.#say()
    }
    socket.onmessage = ({ data }) => this.#heard(data)
    socket.onclose = () => this.#broke()
  }

  #say() {
    this.#awaited += 1
    this.#socket?.send(JSON.stringify({ filter: this.#filter }))
  }

  #heard(data: unknown) {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#broke(), SILENCE)
    if (data === 'pong' || typeof data !== 'string') return
    const message = JSON.parse(data) as LiveMessage
    if (message.type === 'lagged') this.#awaited = 1
    if (message.type === 'snapshot' || message.type === 'refused') {
      this.#awaited = Math.max(0, this.#awaited - 1)
    }
    const ofRequests = message.type !== 'channels' && message.type !== 'config'
    if (ofRequests && this.#awaited > 0) return
    if (message.type === 'snapshot' || message.type === 'refused') this.#settle()
    this.#ends.hear(message)
  }

  #settle() {
    this.#failures = 0
    if (this.#state.name !== 'live') this.#turn({ name: 'live' })
  }

  /** Waits twice as long each time, and never just as long as other pages do. */
  #broke() {
    const spoke = this.#state.name === 'live'
    this.#drop()
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures)
    const wait = longest * (0.5 + Math.random() / 2)
    this.#failures += 1
    this.#retry = setTimeout(() => this.#open(), wait)
    this.#turn({ name: 'waiting', until: Date.now() + wait })
    if (!spoke) this.#ends.refused()
  }

  #drop() {
    clearTimeout(this.#retry)
    clearInterval(this.#ping)
    clearTimeout(this.#silence)
    this.#ping = undefined
    if (!this.#socket) return
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null
    this.#socket.close()
    this.#socket = undefined
  }

  #turn(state: LinkState) {
    this.#state = state
    this.#ends.turned(state)
  }
}
