// What the requests of one session come to.

import type { RequestSummary } from '../api/types'
import { money } from '../format'
import { tokensOf } from './cells'
import { outcomeOf } from './outcome'
import { isUnderWay, type Row } from './tail'

interface Costs {
  cost: number
  /** Requests that were served and have no cost. */
  unpriced: number
}

export interface SessionSums extends Costs {
  requests: number
  failed: number
  /** From the first one's beginning to the last one's, in milliseconds. */
  lasted: number
  input: number
  output: number
  /** Ids, in the order in which they came to serve it. */
  channels: string[]
}

/** With a plus where it is more than is known; undefined where nothing is. */
export function costOf({ cost, unpriced }: Costs, language: string): string | undefined {
  if (cost === 0 && unpriced > 0) return undefined
  return money(cost, language) + (unpriced > 0 ? '+' : '')
}

/** Sums up rows, of which the newest is the first; undefined where there are none. */
export function sumsOf(rows: readonly Row[]): SessionSums | undefined {
  const [newest] = rows
  const oldest = rows.at(-1)
  if (newest === undefined || oldest === undefined) return undefined
  const ended = rows.filter((row): row is RequestSummary => !isUnderWay(row))
  const served = ended.filter((row) => outcomeOf(row).name === 'served')
  const tokens = ended.map(tokensOf)
  const channels = rows.map(({ channel }) => channel).filter((channel) => typeof channel === 'string')
  return {
    requests: rows.length,
    failed: ended.filter((row) => ['failed', 'cut'].includes(outcomeOf(row).name)).length,
    lasted: newest.at - oldest.at,
    input: total(tokens.map((both) => both?.input)),
    output: total(tokens.map((both) => both?.output)),
    cost: total(ended.map(({ cost }) => cost)),
    unpriced: served.filter(({ cost }) => typeof cost !== 'number').length,
    channels: [...new Set(channels.reverse())],
  }
}

function total(parts: (number | null | undefined)[]): number {
  return parts.reduce((sum: number, part) => sum + (part ?? 0), 0)
}
