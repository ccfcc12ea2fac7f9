import { describe, expect, it } from 'vitest'
import type { UnderWay } from '../api/types'
import { request } from './sample'
import { costOf, sumsOf } from './session'

describe('a session', () => {
  it.each([
    [0, 0, '$0.00'],
    [1_500_000, 0, '$1.50'],
    [1_500_000, 2, '$1.50+'],
    [0, 2, undefined],
  ])('of %d micro-dollars and %d requests without a price costs %s', (cost, unpriced, text) => {
    expect(costOf({ cost, unpriced }, 'en')).toBe(text)
  })

  it('comes to nothing without requests', () => {
    expect(sumsOf([])).toBeUndefined()
  })

  it('counts what it used, what failed, and who served it in turn', () => {
    const { id, at, clientKey, protocol, model, stream, attemptCount } = request({ at: 9_000 })
    const underWay = { id, at, clientKey, protocol, model, stream, attemptCount } as UnderWay
    const usage = { input: 10, cacheRead: 5, output: 2, reasoning: 1, estimated: false }
    const rows = [
      underWay,
      request({ at: 5_000, channel: 'b', usage, cost: 30 }),
      request({ at: 4_000, channel: 'a', status: 503, class: 'overload' }),
      request({ at: 2_000, channel: 'b', usage }),
      request({ at: 1_000, channel: 'a', usage, cost: 12 }),
    ]
    expect(sumsOf(rows)).toEqual({
      requests: 5,
      failed: 1,
      lasted: 8_000,
      input: 45,
      output: 9,
      cost: 42,
      unpriced: 1,
      channels: ['a', 'b'],
    })
  })
})
