import { describe, expect, it } from 'vitest'
import type { ChannelSummary } from '../api/types'
import { moved, tiers } from './order'

describe('tiers', () => {
  it('groups by priority, lowest first, and keeps positions', () => {
    const channels = [
      { id: 'a', priority: 2 },
      { id: 'b', priority: 1 },
      { id: 'c', priority: 2 },
    ] as ChannelSummary[]
    const shape = tiers(channels).map((tier) => [tier.priority, tier.channels.map(({ id }) => id)])
    expect(shape).toEqual([
      [1, ['b']],
      [2, ['a', 'c']],
    ])
  })
})

describe('moved', () => {
  it.each([
    ['a', 'c', 'bca'],
    ['c', 'a', 'cab'],
    ['a', 'b', 'bac'],
    ['b', 'b', 'abc'],
    ['x', 'a', 'abc'],
  ])('puts %s in the place of %s', (id, target, order) => {
    expect(moved(['a', 'b', 'c'], id, target).join('')).toBe(order)
  })
})
