// Waits for the first request of a client key that comes after somebody began to look.

import { api, result } from '../api/client'
import { asProblem } from '../api/problem'
import type { RequestSummary } from '../api/types'
import { explain } from '../problems'
import { session } from '../session.svelte'

const EVERY = 15_000

export class Waiting {
  /** The newest request since then. */
  found = $state.raw<RequestSummary>()
  failure = $state<string>()
  readonly #key: string
  readonly #since: number

  constructor(key: string, since: number) {
    this.#key = key
    this.#since = since
  }

  /** Looks now and, until something came, for as long as the page is visible; returns the end of it. */
  watch(): () => void {
    const look = () => {
      const idle = document.visibilityState === 'hidden' || session.state === 'expired'
      if (!idle && this.found === undefined) void this.look()
    }
    look()
    const timer = setInterval(look, EVERY)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }

  async look() {
    const query = { clientKey: this.#key, since: this.#since, limit: 1 }
    try {
      const { requests } = await result(api.GET('/api/requests', { params: { query } }))
      this.found = requests[0]
      this.failure = undefined
    } catch (thrown) {
      this.failure = explain(asProblem(thrown))
    }
  }
}
