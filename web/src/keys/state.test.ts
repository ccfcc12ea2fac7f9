import { describe, expect, it } from 'vitest'
import type { ClientKey } from '../api/types'
import { endOf, stateOf, usesOf } from './state'

const NOW = Date.UTC(2026, 10, 26, 12)
const DAY = 86_400_000

function key(change: Partial<ClientKey>): ClientKey {
  return {
    id: 'ck_1',
    name: 'team',
    status: 'active',
    models: [],
    channels: [],
    limits: {},
    budgets: [],
    environment: false,
    spent: [
      { period: 'day', tokens: 900, costMicros: 400_000 },
      { period: 'total', tokens: 9_000, costMicros: 4_000_000 },
    ],
    version: 'v',
    ...change,
  }
}

describe('the state of a client key', () => {
  it.each([
    ['active', {}, { name: 'active' }],
    ['paused, whatever else', { status: 'paused', expiresAt: NOW - 1 }, { name: 'paused' }],
    ['expired at its moment', { expiresAt: NOW }, { name: 'expired', at: NOW }],
    ['ending within a week', { expiresAt: NOW + 6 * DAY }, { name: 'ending', at: NOW + 6 * DAY }],
    ['active with a late expiry', { expiresAt: NOW + 8 * DAY }, { name: 'active' }],
    [
      'spent until tomorrow',
      { budgets: [{ period: 'day', tokens: 900 }] },
      { name: 'spent', period: 'day', at: Date.UTC(2026, 10, 27) },
    ],
    [
      'spent for good',
      { budgets: [{ period: 'total', costMicros: 4_000_000 }] },
      { name: 'spent', period: 'total' },
    ],
    ['active inside its budget', { budgets: [{ period: 'day', tokens: 901 }] }, { name: 'active' }],
  ] as const)('is %s', (_, change, expected) => {
    expect(stateOf(key(change as Partial<ClientKey>), NOW)).toEqual(expected)
  })

  it('shows of two bounds the one that is nearer', () => {
    const [use] = usesOf(key({ budgets: [{ period: 'day', tokens: 1_000, costMicros: 4_000_000 }] }))
    expect(use).toMatchObject({ unit: 'tokens', used: 900, most: 1_000, share: 0.9 })
  })

  it('counts nothing where a period has no use yet', () => {
    expect(usesOf(key({ budgets: [{ period: 'week', tokens: 10 }] }))).toMatchObject([{ used: 0, share: 0 }])
  })
})

describe('the end of a period', () => {
  it.each([
    ['day', Date.UTC(2026, 10, 27)],
    ['week', Date.UTC(2026, 10, 30)],
    ['month', Date.UTC(2026, 11, 1)],
    ['total', undefined],
  ] as const)('of a %s is in UTC', (period, end) => {
    expect(endOf(period, NOW)).toBe(end)
  })

  it('moves on at the moment itself', () => {
    expect(endOf('week', Date.UTC(2026, 10, 30))).toBe(Date.UTC(2026, 11, 7))
    expect(endOf('month', Date.UTC(2026, 11, 1))).toBe(Date.UTC(2027, 0, 1))
  })
})
