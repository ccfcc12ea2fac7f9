// The UI's addresses. All stand under /ui/, so that none can collide with an API path.

export type Route =
  | { page: 'channels' }
  | { page: 'newChannel' }
  | { page: 'channel'; id: string }
  | { page: 'connect' }
  | { page: 'notFound' }

const BASE = '/ui'

/** The address of a route. */
export function href(route: Route): string {
  switch (route.page) {
    case 'channels':
      return `${BASE}/channels`
    case 'newChannel':
      return `${BASE}/channels/new`
    case 'channel':
      return `${BASE}/channels/${encodeURIComponent(route.id)}`
    case 'connect':
      return `${BASE}/connect`
    case 'notFound':
      return `${BASE}/not-found`
  }
}

/** The route at a path; `notFound` for any other. */
export function parse(path: string): Route {
  if (path !== BASE && !path.startsWith(`${BASE}/`)) return { page: 'notFound' }
  const segments = path.slice(BASE.length).split('/').filter(Boolean)
  const [area, item, ...rest] = segments
  if (rest.length > 0) return { page: 'notFound' }
  if (area === undefined || (area === 'channels' && item === undefined)) return { page: 'channels' }
  if (area === 'channels' && item === 'new') return { page: 'newChannel' }
  if (area === 'channels' && item !== undefined) return channel(item)
  if (area === 'connect' && item === undefined) return { page: 'connect' }
  return { page: 'notFound' }
}

function channel(segment: string): Route {
  try {
    return { page: 'channel', id: decodeURIComponent(segment) }
  } catch {
    return { page: 'notFound' }
  }
}
