// Something that is read from the gateway, kept while it is asked for again, and asked for again while somebody looks.

import { asProblem, type Problem } from './api/problem'
import { session } from './session.svelte'

export class Resource<Value> {
  /** What was read last; it stays when reading fails. */
  value = $state.raw<Value>()
  failure = $state.raw<Problem>()
  loading = $state(true)
  #ask: (() => Promise<Value>) | undefined
  #turn = 0

  /**
   * Reads now and then every so many milliseconds, unless nobody looks. For an effect: what `ask` depends on before
   * its first wait is followed, and the end of it all is returned.
   */
  follow(ask: () => Promise<Value>, every?: number): () => void {
    this.#ask = ask
    // An expired session answers nothing; the effect comes back here after the sign-in.
    if (session.state !== 'expired') void this.#take(ask())
    const look = () => {
      if (document.visibilityState === 'visible' && session.state !== 'expired') void this.refresh()
    }
    const timer = every === undefined ? undefined : setInterval(look, every)
    return () => {
      clearInterval(timer)
      this.#ask = undefined
      this.#turn += 1
    }
  }

  async refresh() {
    if (this.#ask) await this.#take(this.#ask())
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
