// The tail of one address of the page, drawn a few times a second however much is told.

import type { RequestSummary } from '../api/types'
import { feed } from '../live/feed.svelte'
import { RECORDED } from '../live/fresh'
import type { Query } from '../router'
import { feedFilter, fits } from './filters'
import { Tail, type Row } from './tail'

const EVERY = 200

export class Tailing {
  rows = $state.raw<Row[]>([])
  /** How many more there would be if nothing were held. */
  waiting = $state(0)
  #tail: Tail
  #query: Query
  #drawing: ReturnType<typeof setTimeout> | undefined
  #reading: ReturnType<typeof setTimeout> | undefined

  constructor(query: Query) {
    this.#query = query
    this.#tail = new Tail((row) => fits(row, query['q']))
  }

  /** How far the gateway's clock is behind this one, in milliseconds. */
  get behind(): number {
    return this.#tail.behind
  }

  /** Follows the feed until the end that is returned; `read` once for what ended before it told of anything. */
  follow(read: () => void): () => void {
    const end = feed.watch((message) => {
      this.#tail.hear(message, Date.now())
      this.#drawing ??= setTimeout(() => this.#draw(), EVERY)
      if (message.type !== 'snapshot') return
      clearTimeout(this.#reading)
      this.#reading = setTimeout(read, RECORDED)
    }, feedFilter(this.#query))
    return () => {
      end()
      clearTimeout(this.#drawing)
      clearTimeout(this.#reading)
    }
  }

  fill(page: readonly RequestSummary[], more: boolean) {
    this.#tail.fill(page, more)
    this.#draw()
  }

  /** Whether what is shown stays where it is. */
  hold(still: boolean) {
    if (still) this.#tail.hold()
    else this.#tail.release()
    this.#draw()
  }

  /** Shows what has come since, and then stays there. */
  catchUp() {
    this.#tail.release()
    this.#tail.hold()
    this.#draw()
  }

  has(id: string): boolean {
    return this.#tail.has(id)
  }

  #draw() {
    clearTimeout(this.#drawing)
    this.#drawing = undefined
    this.rows = this.#tail.rows()
    this.waiting = this.#tail.waiting()
  }
}
