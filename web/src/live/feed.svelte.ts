// The live feed, over the one connection that this tab has, for as long as somebody watches and looks.

import { untrack } from 'svelte'
import { api, result } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import type { LiveMessage } from '../api/types'
import { session } from '../session.svelte'
import { Link, type LiveFilter, type LinkState, type Socket } from './link'

export type FeedState = LinkState | { name: 'paused' }

interface Watcher {
  hear: (message: LiveMessage) => void
  filter: LiveFilter | undefined
}

/** The next page watches soon after the one before has gone. */
const LINGER = 3_000
/** Why there is no connection is asked no more often. */
const ASKS = 15_000

class Feed {
  state = $state.raw<FeedState>({ name: 'off' })
  /** Why there is no connection, where the gateway says so. */
  failure = $state.raw<Problem>()
  /** Requests under way, as far as the gateway and the filter tell of them. */
  running = $state(0)
  #running = new Set<string>()
  #version: string | undefined
  #watchers = new Set<Watcher>()
  #lingering: ReturnType<typeof setTimeout> | undefined
  #asked = 0
  #link = new Link({
    open: () => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/live`) as Socket,
    hear: (message) => this.#heard(message),
    turned: (state) => {
      this.state = state
      if (state.name === 'live') this.failure = undefined
    },
    refused: () => void this.#askWhy(),
  })

  constructor() {
    document.addEventListener('visibilitychange', () => this.#turn())
    $effect.root(() => {
      $effect(() => {
        if (session.state) untrack(() => this.#turn())
      })
    })
  }

  /** Whether whatever changes is told. */
  get live(): boolean {
    return this.state.name === 'live'
  }

  /**
   * Hears what is told until the end that is returned. All watchers share the connection, and with it the filter of
   * requests that the last of those who have one wants; of channels and the configuration everything is told.
   */
  watch(hear: Watcher['hear'], filter?: LiveFilter): () => void {
    const watcher = { hear, filter }
    return untrack(() => {
      this.#watchers.add(watcher)
      this.#turn()
      return () => {
        this.#watchers.delete(watcher)
        this.#turn()
      }
    })
  }

  #heard(message: LiveMessage) {
    // Every connection begins with the configuration; it is news where it is another one.
    if (message.type === 'config') {
      if (message.version === this.#version) return
      this.#version = message.version
    }
    this.#count(message)
    for (const { hear } of this.#watchers) hear(message)
  }

  #count(message: LiveMessage) {
    if (message.type === 'snapshot') this.#running = new Set(message.requests.map(({ id }) => id))
    if (message.type === 'underWay') this.#running.add(message.request.id)
    if (message.type === 'finished') this.#running.delete(message.request.id)
    if (message.type === 'left') this.#running.delete(message.id)
    this.running = this.#running.size
  }

  #turn() {
    clearTimeout(this.#lingering)
    const watched = this.#watchers.size > 0
    if (session.state !== 'in') {
      this.#link.stop()
    } else if (document.visibilityState === 'hidden') {
      this.#link.stop()
      if (watched) this.state = { name: 'paused' }
    } else if (watched) {
      this.#link.wish([...this.#watchers].findLast(({ filter }) => filter)?.filter ?? {})
      this.#link.start()
    } else {
      this.#lingering = setTimeout(() => this.#link.stop(), LINGER)
    }
  }

  /** The same address without a WebSocket tells whether the session has ended, or what else is wrong. */
  async #askWhy() {
    if (Date.now() - this.#asked < ASKS) return
    this.#asked = Date.now()
    try {
      await result(api.GET('/api/live'))
    } catch (thrown) {
      this.failure = asProblem(thrown)
    }
  }
}

export const feed = new Feed()
