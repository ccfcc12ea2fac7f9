// The newest requests while they happen: those that were read, joined with what the live feed tells.

import type { LiveMessage, RequestSummary, UnderWay } from '../api/types'

export type Row = RequestSummary | UnderWay

export function isUnderWay(row: Row): row is UnderWay {
  return !('status' in row)
}

/** So many are kept. */
export const MOST = 300

export class Tail {
  #fits: (row: Row) => boolean
  #known = new Map<string, Row>()
  /** Under way before the feed had a gap, and no more after it: the next reading tells what became of them. */
  #lost = new Set<string>()
  /** Whether a page was read: before that there is nothing to hold. */
  #filled = false
  #still = false
  /** What is shown while nothing may move, in this order. */
  #held: readonly Row[] | undefined
  /** How far the gateway's clock is behind this one, in milliseconds. */
  behind = 0

  constructor(fits: (row: Row) => boolean = () => true) {
    this.#fits = fits
  }

  hear(message: LiveMessage, now: number) {
    switch (message.type) {
      case 'snapshot':
        this.behind = now - message.at
        this.#lost = new Set([...this.#known.values()].filter(isUnderWay).map(({ id }) => id))
        for (const row of message.requests) this.#put(row)
        break
      case 'underWay':
      case 'finished':
        this.#put(message.request)
        break
      case 'left':
        this.#known.delete(message.id)
        break
    }
  }

  /** Takes in a page of requests that was read, the newest first; `more` where older ones were left out. */
  fill(page: readonly RequestSummary[], more: boolean) {
    const oldest = page.at(-1)
    const joins = !more || page.some(({ id }) => this.#known.has(id))
    // Between what was known and this page are requests that nobody has told of.
    if (!joins && oldest) this.#drop((row) => !isUnderWay(row) && row.at < oldest.at)
    this.#drop((row) => isUnderWay(row) && this.#lost.has(row.id))
    this.#lost.clear()
    for (const row of page) this.#put(row)
    this.#filled = true
    if (this.#still) this.hold()
  }

  /** From now on nothing that is shown moves; it only changes in its place. */
  hold() {
    this.#still = true
    if (this.#filled) this.#held ??= this.#newest()
  }

  release() {
    this.#still = false
    this.#held = undefined
  }

  /** What to show, the newest first. */
  rows(): Row[] {
    if (!this.#held) return this.#newest()
    const now = this.#held.map((row) => this.#known.get(row.id) ?? row)
    return now.filter((row) => !isUnderWay(row) || this.#known.has(row.id))
  }

  /** How many would be shown if nothing were held. */
  waiting(): number {
    if (!this.#held) return 0
    const held = new Set(this.#held.map(({ id }) => id))
    const oldest = this.#held.at(-1)?.at ?? 0
    return this.#newest().filter(({ id, at }) => at >= oldest && !held.has(id)).length
  }

  has(id: string): boolean {
    return this.#known.has(id)
  }

  #put(row: Row) {
    const known = this.#known.get(row.id)
    if (!this.#fits(row) || (isUnderWay(row) && known && !isUnderWay(known))) return
    this.#lost.delete(row.id)
    this.#known.set(row.id, row)
    if (this.#known.size >= 2 * MOST) this.#newest()
  }

  #newest(): Row[] {
    const all = [...this.#known.values()].sort(
      (left, right) => right.at - left.at || (left.id < right.id ? 1 : -1),
    )
    const newest = all.slice(0, MOST)
    if (all.length > MOST) this.#known = new Map(newest.map((row) => [row.id, row]))
    return newest
  }

  #drop(goes: (row: Row) => boolean) {
    for (const row of this.#known.values()) if (goes(row)) this.#known.delete(row.id)
  }
}
