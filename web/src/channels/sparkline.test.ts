import { describe, expect, it } from 'vitest'
import type { Series } from '../api/types'
import { bars, trafficOf } from './sparkline'

const series: Series = {
  since: 0,
  until: 4_000,
  bucketMs: 1_000,
  values: ['ch_1', 'ch_2'],
  requests: [
    [3, 1],
    [0, 0, 2],
  ],
  failed: [[1], []],
}

describe('trafficOf', () => {
  it('gives a value its buckets, with the zeros at their end', () => {
    expect(trafficOf(series, 'ch_1')).toEqual({ requests: [3, 1, 0, 0], failed: [1, 0, 0, 0] })
    expect(trafficOf(series, 'ch_2')).toEqual({ requests: [0, 0, 2, 0], failed: [0, 0, 0, 0] })
  })

  it('has nothing for a value without requests, nor before an answer', () => {
    expect(trafficOf(series, 'ch_3')).toBeUndefined()
    expect(trafficOf(undefined, 'ch_1')).toBeUndefined()
  })
})

describe('bars', () => {
  it('are as high as their share of the highest, and never too low to be seen', () => {
    expect(bars([10, 0, 5, 0.1], 10, 20)).toBe('M0 20h.8v-20h-.8zM2 20h.8v-10h-.8zM3 20h.8v-1.5h-.8z')
  })
})
