// What can be counted of requests, and in which parts.

import type { Sums } from '../api/types'

export const MEASURES = ['requests', 'tokens', 'cost'] as const
export type Measure = (typeof MEASURES)[number]

/** The parts of each measure, from the bottom up. */
export const PARTS = {
  requests: ['served', 'left', 'failed'],
  tokens: ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'],
  cost: ['cost'],
} as const satisfies Record<Measure, readonly string[]>

export const COLOURS: Partial<Record<Measure, readonly string[]>> = {
  requests: ['--chart-1', '--chart-5', '--chart-bad'],
}

export const DIMENSIONS = ['model', 'channel', 'key', 'clientKey', 'protocol'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** Requests whose client got what it asked for. */
export function served({ requests, failed, gone }: Sums): number {
  return Math.max(0, requests - failed - gone)
}

type Tokens = Pick<Sums, 'input' | 'cacheRead' | 'cacheWrite' | 'output' | 'reasoning'>

export function tokensIn({ input, cacheRead, cacheWrite }: Tokens): number {
  return input + cacheRead + cacheWrite
}

export function tokensOut({ output, reasoning }: Tokens): number {
  return output + reasoning
}

export function partsOf(measure: Measure, sums: Sums): number[] {
  switch (measure) {
    case 'requests':
      return [served(sums), sums.gone, sums.failed]
    case 'tokens':
      return [sums.input, sums.cacheRead, sums.cacheWrite, sums.output, sums.reasoning]
    case 'cost':
      return [sums.cost]
  }
}

/** How much more something is than before, as a share of that; undefined where there was nothing. */
export function growth(now: number, before: number): number | undefined {
  return before === 0 ? undefined : (now - before) / before
}
