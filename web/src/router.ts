// The UI's addresses. All stand under /ui/, so that none can collide with an API path.

export const SECTIONS = ['general', 'prices', 'backup', 'capture', 'history', 'audit'] as const
export type Section = (typeof SECTIONS)[number]

export type Route =
  | { page: 'overview' }
  | { page: 'channels' }
  | { page: 'newChannel' }
  | { page: 'channel'; id: string }
  /** All requests; with an id, this one beside them. */
  | { page: 'requests'; id?: string }
  /** Requests by the conversation they belong to. */
  | { page: 'sessions' }
  /** Who would serve a request. */
  | { page: 'route' }
  | { page: 'usage' }
  | { page: 'keys' }
  | { page: 'newKey' }
  | { page: 'key'; id: string }
  | { page: 'connect' }
  | { page: 'playground' }
  | { page: 'settings'; section: Section }
  | { page: 'notFound' }

/** The part of an address after `?`: filters, ranges, what is open. */
export type Query = Readonly<Record<string, string>>

const BASE = '/ui'
const LOST: Route = { page: 'notFound' }

/** Pages whose address is their name. */
const PLAIN = ['overview', 'channels', 'requests', 'route', 'usage', 'keys', 'connect', 'playground'] as const

/** The address of a route. */
export function href(route: Route, query: Query = {}): string {
  const search = new URLSearchParams(query).toString()
  return `${BASE}/${path(route)}${search && `?${search}`}`
}

function path(route: Route): string {
  switch (route.page) {
    case 'newChannel':
      return 'channels/new'
    case 'channel':
      return `channels/${encodeURIComponent(route.id)}`
    case 'newKey':
      return 'keys/new'
    case 'key':
      return `keys/${encodeURIComponent(route.id)}`
    case 'requests':
      return route.id === undefined ? 'requests' : `requests/${encodeURIComponent(route.id)}`
    case 'sessions':
      return 'requests/sessions'
    case 'settings':
      return `settings/${route.section}`
    case 'notFound':
      return 'not-found'
    default:
      return route.page
  }
}

/** Whether going from one to the other leaves what is on the screen where it is. */
export function isSamePlace(left: Route, right: Route): boolean {
  return left.page === right.page && (left.page === 'requests' || path(left) === path(right))
}

/** The route at a path; `notFound` for any other. */
export function parse(path: string): Route {
  if (path !== BASE && !path.startsWith(`${BASE}/`)) return LOST
  const [area, item, ...rest] = path.slice(BASE.length).split('/').filter(Boolean)
  if (rest.length > 0) return LOST
  if (item !== undefined) return inside(area, item)
  if (area === undefined) return { page: 'overview' }
  if (area === 'settings') return { page: 'settings', section: 'general' }
  const page = PLAIN.find((name) => name === area)
  return page === undefined ? LOST : { page }
}

function inside(area: string | undefined, item: string): Route {
  const section = SECTIONS.find((name) => name === item)
  if (area === 'settings') return section === undefined ? LOST : { page: 'settings', section }
  if (area === 'channels' && item === 'new') return { page: 'newChannel' }
  if (area === 'keys' && item === 'new') return { page: 'newKey' }
  if (area === 'requests' && item === 'sessions') return { page: 'sessions' }
  const id = decoded(item)
  if (id === undefined) return LOST
  if (area === 'channels') return { page: 'channel', id }
  if (area === 'keys') return { page: 'key', id }
  return area === 'requests' ? { page: 'requests', id } : LOST
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

export function queryOf(search: string): Query {
  return Object.fromEntries(new URLSearchParams(search))
}

/** A query with some of its parts set anew; an empty or undefined one goes. */
export function changed(query: Query, change: Readonly<Record<string, string | undefined>>): Query {
  const entries = Object.entries({ ...query, ...change })
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => Boolean(entry[1])))
}
