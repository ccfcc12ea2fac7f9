// Ranges of time as addresses and the API spell them.

import type { Query } from './router'

export const LENGTHS = ['1h', '24h', '7d', '30d'] as const
export type Length = (typeof LENGTHS)[number]

const UNITS = { h: 3_600_000, d: 86_400_000 }

/** A length that ends now, or two moments in milliseconds since the epoch. */
export type Range = { length: Length } | { since: number; until: number }

/** The range of `?range=7d` or `?since=…&until=…`; `usual` for any other. */
export function rangeOf(query: Query, usual: Length): Range {
  const since = moment(query['since'])
  const until = moment(query['until'])
  if (since !== undefined && until !== undefined && since < until) return { since, until }
  return { length: LENGTHS.find((length) => length === query['range']) ?? usual }
}

/** When a range begins and ends. */
export function boundsOf(range: Range, now: number): { since: number; until: number } {
  return 'length' in range ? { since: now - millisecondsOf(range.length), until: now } : range
}

/** The range just before another, as long as that. */
export function before(range: Range, now: number): { since: number; until: number } {
  const { since, until } = boundsOf(range, now)
  return { since: since - (until - since), until: since }
}

/** The parameters of `GET /api/stats`; it counts in whole minutes. */
export function statsQuery(range: Range): { range: string; until?: number } {
  if ('length' in range) return { range: range.length }
  return { range: `${Math.max(1, Math.ceil((range.until - range.since) / 60_000))}m`, until: range.until }
}

export function millisecondsOf(length: Length): number {
  const unit = length.at(-1) === 'd' ? UNITS.d : UNITS.h
  return Number.parseInt(length, 10) * unit
}

/** What `<input type="datetime-local">` shows of a moment. */
export function toLocal(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

/** The moment that it means; undefined when nothing whole was entered. */
export function fromLocal(text: string): number | undefined {
  const at = new Date(text).getTime()
  return Number.isNaN(at) ? undefined : at
}

function moment(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
