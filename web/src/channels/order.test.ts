import { describe, expect, it } from 'vitest'
import type { ChannelSummary } from '../api/types'
import { moved, sharesPriority } from './order'

describe('sharesPriority', () => {
  it.each([
    [[1, 2, 3], false],
    [[1, 2, 2], true],
    [[], false],
  ])('reads %j as %s', (priorities, shared) => {
    expect(sharesPriority(priorities.map((priority) => ({ priority })) as ChannelSummary[])).toBe(shared)
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
