// The filters of the requests, as the page's address and the API spell them: with the same words.

import type { LiveFilter } from '../live/link'
import { boundsOf, rangeOf } from '../range'
import type { Query } from '../router'
import type { Row } from './tail'

export const FILTERS = ['q', 'status', 'protocol', 'channel', 'model', 'clientKey', 'session'] as const
export type FilterName = (typeof FILTERS)[number]

/** Statuses that can be asked for, beside a single one. */
export const STATUSES = ['failed', '2xx', '4xx', '5xx', 'gone'] as const

export const USUAL_RANGE = '24h'

const CARRIED = ['range', 'since', 'until', 'clientKey'] as const

export interface RequestQuery extends Partial<Record<FilterName, string>> {
  since: number
  until?: number
}

/** What the API is asked for at this address. */
export function requestQuery(query: Query, now: number): RequestQuery {
  return { ...timesOf(query, now), ...setOf(FILTERS, query) }
}

/** When the range of an address begins, and where it ends unless that is now. */
export function timesOf(query: Query, now: number): { since: number; until?: number } {
  const range = rangeOf(query, USUAL_RANGE)
  const { since, until } = boundsOf(range, now)
  return { since, ...('until' in range && { until }) }
}

/** What of an address holds for requests and for their sessions alike. */
export function carriedOver(query: Query): Query {
  return setOf(CARRIED, query)
}

/** What can be chosen of `items`; what was chosen may be gone from the configuration. */
export function choicesOf(items: readonly { id: string; name: string }[], chosen: string | undefined) {
  const choices = items.map(({ id, name }) => ({ value: id, label: name }))
  if (!chosen || choices.some(({ value }) => value === chosen)) return choices
  return [...choices, { value: chosen, label: chosen }]
}

/** Those of `names` that an address sets. */
function setOf<Name extends string>(names: readonly Name[], query: Query): Partial<Record<Name, string>> {
  const set = names.flatMap((name) => (query[name] ? [[name, query[name]] as const] : []))
  return Object.fromEntries(set) as Partial<Record<Name, string>>
}

/** The newest page of a range that ends now can go on by itself. */
export function canGoOn(query: Query): boolean {
  return !query['cursor'] && 'length' in rangeOf(query, USUAL_RANGE)
}

/** What the live feed is asked for at this address: it knows all filters but the search. */
export function feedFilter(query: Query): LiveFilter {
  const known = FILTERS.filter((name) => name !== 'q')
  return setOf(known, query)
}

/** Whether a search finds a request, as `GET /api/requests` would. */
export function fits(row: Row, search: string | undefined): boolean {
  if (!search) return true
  if (search.startsWith('req_')) return row.id === search
  const error = 'error' in row ? row.error : undefined
  const words = search.toLowerCase()
  return [row.model, row.upstreamModel, error].some((text) => text?.toLowerCase().includes(words))
}

/** How many filters are set, the range not counted. */
export function filterCount(query: Query): number {
  return FILTERS.filter((name) => query[name]).length
}

/** Where the file with all requests of these filters is. */
export function exportAddress(format: 'csv' | 'jsonl', query: Query, now: number): string {
  const entries = Object.entries(requestQuery(query, now)).map(([name, value]) => [name, String(value)])
  return `/api/requests/export.${format}?${new URLSearchParams(entries)}`
}
