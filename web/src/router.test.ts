import { describe, expect, it } from 'vitest'
import { href, parse, type Route } from './router'

describe('router', () => {
  it.each<Route>([
    { page: 'channels' },
    { page: 'newChannel' },
    { page: 'channel', id: 'ch_a1b2c3' },
    { page: 'channel', id: 'odd/id %41' },
    { page: 'connect' },
    { page: 'notFound' },
  ])('reads back the address it writes: $page', (route) => {
    expect(parse(href(route))).toEqual(route)
  })

  it.each(['/ui', '/ui/', '/ui/channels', '/ui/channels/'])('opens the channels at %s', (path) => {
    expect(parse(path)).toEqual({ page: 'channels' })
  })

  it.each([
    '/',
    '/uix',
    '/api/channels',
    '/ui/nothing',
    '/ui/connect/x',
    '/ui/channels/a/b',
    '/ui/channels/%',
  ])('finds nothing at %s', (path) => {
    expect(parse(path)).toEqual({ page: 'notFound' })
  })
})
