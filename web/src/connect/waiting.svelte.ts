// Waits for the first request, of one client key or of any, that comes after somebody began to look.

import { api, result } from '../api/client'
import { asProblem } from '../api/problem'
import type { LiveMessage, RequestSummary } from '../api/types'
import { keepFresh } from '../live/fresh'
import { explain } from '../problems'

const EVERY = 15_000

export class Waiting {
  /** The newest request since then. */
  found = $state.raw<RequestSummary>()
  failure = $state<string>()
  readonly #key: string | undefined
  readonly #since: number

  /** `key`: the id of a client key; undefined: any. */
  constructor(key: string | undefined, since: number) {
    this.#key = key
    this.#since = since
  }

  /** Looks now and, until something came, whenever it may have; returns the end of it. */
  watch(): () => void {
    return keepFresh(
      () => this.look(),
      EVERY,
      (message) => this.#news(message),
    )
  }

  /** What the feed tells is not looked for: it is there. */
  #news(message: LiveMessage) {
    const mine =
      message.type === 'finished' && (this.#key ?? message.request.clientKey) === message.request.clientKey
    if (mine) this.found ??= message.request
    return message.type === 'snapshot' ? 'later' : 'never'
  }

  /** Reads whether it has come; false where that failed. */
  async look(): Promise<boolean> {
    if (this.found) return true
    const query = { ...(this.#key && { clientKey: this.#key }), since: this.#since, limit: 1 }
    try {
      const { requests } = await result(api.GET('/api/requests', { params: { query } }))
      // The feed may have told of one since this was asked.
      this.found ??= requests[0]
      this.failure = undefined
      return true
    } catch (thrown) {
      this.failure = explain(asProblem(thrown))
      return false
    }
  }
}
