// Something that is read from the gateway, kept while it is asked for again, and asked for again while somebody looks.

import { asProblem, type Problem } from './api/problem'
import { keepFresh, type News } from './live/fresh'

export class Resource<Value> {
  /** What was read last; it stays when reading fails. */
  value = $state.raw<Value>()
  failure = $state.raw<Problem>()
  loading = $state(true)
  #ask: (() => Promise<Value>) | undefined
  #turn = 0

  /**
   * Reads now, and again as `keepFresh` says. For an effect: what `ask` depends on before its first wait is followed,
   * and the end of it all is returned.
   */
  follow(ask: () => Promise<Value>, every?: number, news?: News): () => void {
    this.#ask = ask
    const end = keepFresh(() => this.refresh(), every, news)
    return () => {
      end()
      this.#ask = undefined
      this.#turn += 1
    }
  }

  /** Reads anew; false where that failed. */
  async refresh(): Promise<boolean> {
    if (this.#ask) await this.#take(this.#ask())
    return this.failure === undefined
  }

  /** Only the answer to the last question counts. */
  async #take(coming: Promise<Value>) {
    const turn = ++this.#turn
    this.loading = true
    try {
      const value = await coming
      if (turn !== this.#turn) return
      this.value = value
      this.failure = undefined
    } catch (thrown) {
      if (turn !== this.#turn) return
      this.failure = asProblem(thrown)
    }
    this.loading = false
  }
}
