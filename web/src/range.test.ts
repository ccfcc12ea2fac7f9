import { describe, expect, it } from 'vitest'
import { before, boundsOf, fromLocal, rangeOf, statsQuery, toLocal } from './range'

const HOUR = 3_600_000

describe('range', () => {
  it.each([
    [{ range: '7d' }, { length: '7d' }],
    [{}, { length: '24h' }],
    [{ range: '5y' }, { length: '24h' }],
    [
      { since: '1000', until: '2000' },
      { since: 1000, until: 2000 },
    ],
    [{ since: '2000', until: '1000' }, { length: '24h' }],
    [{ since: '1e3', until: '2000' }, { length: '24h' }],
  ])('reads %j', (query, range) => {
    expect(rangeOf(query as Record<string, string>, '24h')).toEqual(range)
  })

  it('has bounds, and a range before it', () => {
    expect(boundsOf({ length: '1h' }, 10 * HOUR)).toEqual({ since: 9 * HOUR, until: 10 * HOUR })
    expect(before({ length: '1h' }, 10 * HOUR)).toEqual({ since: 8 * HOUR, until: 9 * HOUR })
    expect(before({ since: 500, until: 600 }, 0)).toEqual({ since: 400, until: 500 })
  })

  it('is asked of the statistics in whole minutes', () => {
    expect(statsQuery({ length: '30d' })).toEqual({ range: '30d' })
    expect(statsQuery({ since: 0, until: 90_000 })).toEqual({ range: '2m', until: 90_000 })
  })

  it('goes through an input and back', () => {
    const at = Date.UTC(2026, 10, 26, 12, 30)
    expect(fromLocal(toLocal(at))).toBe(at)
    expect(fromLocal('')).toBeUndefined()
  })
})
