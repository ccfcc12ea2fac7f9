import { describe, expect, it } from 'vitest'
import { changed, href, parse, queryOf, type Route } from './router'

describe('router', () => {
  it.each<Route>([
    { page: 'overview' },
    { page: 'channels' },
    { page: 'newChannel' },
    { page: 'channel', id: 'ch_a1b2c3' },
    { page: 'channel', id: 'odd/id %41' },
    { page: 'requests' },
    { page: 'requests', id: 'req_1' },
    { page: 'sessions' },
    { page: 'route' },
    { page: 'usage' },
    { page: 'keys' },
    { page: 'newKey' },
    { page: 'key', id: 'ck_1' },
    { page: 'connect' },
    { page: 'playground' },
    { page: 'settings', section: 'prices' },
    { page: 'notFound' },
  ])('reads back the address it writes: $page', (route) => {
    expect(parse(href(route))).toEqual(route)
  })

  it.each([
    ['/ui', { page: 'overview' }],
    ['/ui/', { page: 'overview' }],
    ['/ui/channels/', { page: 'channels' }],
    ['/ui/settings', { page: 'settings', section: 'general' }],
  ])('knows %s too', (path, route) => {
    expect(parse(path)).toEqual(route)
  })

  it.each([
    '/',
    '/uix',
    '/api/channels',
    '/ui/nothing',
    '/ui/connect/x',
    '/ui/settings/nothing',
    '/ui/channels/a/b',
    '/ui/channels/%',
  ])('finds nothing at %s', (path) => {
    expect(parse(path)).toEqual({ page: 'notFound' })
  })

  it('carries a query', () => {
    const address = href({ page: 'requests' }, { model: 'a b', status: '5xx' })
    expect(address).toBe('/ui/requests?model=a+b&status=5xx')
    expect(queryOf(address.split('?')[1] ?? '')).toEqual({ model: 'a b', status: '5xx' })
  })

  it('drops the parts of a query that are taken back', () => {
    expect(changed({ model: 'a', status: '5xx' }, { model: undefined, status: '', q: 'b' })).toEqual({
      q: 'b',
    })
  })
})
