import { describe, expect, it } from 'vitest'
import { barsPath, ceiling, filled, labelled } from './scale'

describe('scale', () => {
  it.each([
    [0, 1],
    [1, 1],
    [1.2, 1.2],
    [2.5, 3],
    [51, 60],
    [100, 100],
    [101, 120],
    [4.2e9, 5e9],
  ])('ends above %d at %d', (value, top) => {
    expect(ceiling(value)).toBe(top)
  })

  it('fills the buckets without requests', () => {
    const known = [{ at: 20, parts: [1, 2] }]
    expect(filled(known, 0, 40, 10)).toEqual([
      { at: 0, parts: [0, 0] },
      { at: 10, parts: [0, 0] },
      { at: 20, parts: [1, 2] },
      { at: 30, parts: [0, 0] },
    ])
  })

  it('puts each series on those below it', () => {
    const buckets = [
      { at: 0, parts: [1, 2] },
      { at: 1, parts: [0, 0] },
    ]
    const path = barsPath(
      buckets,
      1,
      (index) => index * 10,
      (value) => 100 - value * 10,
      8,
    )
    expect(path).toBe('M0 90V70h8V90z')
  })

  it.each([
    [24, 6, [0, 4, 8, 12, 16, 20]],
    [3, 6, [0, 1, 2]],
    [0, 6, []],
  ])('labels of %d buckets at most %d', (count, most, indexes) => {
    expect(labelled(count, most)).toEqual(indexes)
  })
})
