import { describe, expect, it } from 'vitest'
import type { Sums } from '../api/types'
import { csvOf } from './csv'
import { growth, partsOf, PARTS, MEASURES } from './measures'

const NO_TIMES = { count: 0, p50: null, p95: null, p99: null }
const SUMS: Sums = {
  requests: 10,
  failed: 2,
  gone: 1,
  attempts: 12,
  failedAttempts: 3,
  input: 100,
  cacheRead: 50,
  cacheWrite: 5,
  output: 20,
  reasoning: 7,
  estimated: 0,
  cost: 1_250_000,
  unpriced: 1,
  firstContentMs: { ...NO_TIMES, p95: 190 },
  durationMs: NO_TIMES,
}

describe('measures', () => {
  it('have a number for each part', () => {
    for (const measure of MEASURES) expect(partsOf(measure, SUMS)).toHaveLength(PARTS[measure].length)
    expect(partsOf('requests', SUMS)).toEqual([7, 1, 2])
  })

  it.each([
    [12, 10, 0.2],
    [5, 10, -0.5],
    [5, 0, undefined],
  ])('grow to %d from %d by %s', (now, before, share) => {
    expect(growth(now, before)).toBe(share)
  })
})

describe('csv', () => {
  it('keeps a name on its line and starts no formula', () => {
    const [heading, line] = csvOf('model', [{ value: '=a"b', ...SUMS }], () => 'x,y').split('\r\n')
    expect(heading).toMatch(/^model,name,requests,/)
    expect(line).toBe(`"'=a""b","x,y",10,2,1,12,3,100,50,5,20,7,0,1,1.250000,190,`)
  })
})
