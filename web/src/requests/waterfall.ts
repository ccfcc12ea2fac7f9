// The attempts of a request on one line of time.

import type { RequestDetail } from '../api/types'

/** What an attempt does: waits for an answer, for its first content, and gets the rest. */
export const PHASES = ['connect', 'wait', 'receive'] as const
export type Phase = (typeof PHASES)[number] | 'queue'

export interface Part {
  phase: Phase
  /** In milliseconds since the request arrived. */
  from: number
  to: number
}

export interface Bar {
  /** Undefined: what came before the first attempt. */
  attempt: number | undefined
  parts: Part[]
}

/** The wait, where there was one, then each attempt; parts that took no time are left out. */
export function barsOf({ at, queuedMs, attempts }: RequestDetail): Bar[] {
  const queue = parts([['queue', queuedMs]], 0)
  const bars = attempts.map((attempt, index) => {
    const { firstByteMs, firstContentMs, durationMs } = attempt
    const ends: [Phase, number | null | undefined][] = [
      ['connect', firstByteMs ?? (firstContentMs === undefined ? durationMs : undefined)],
      ['wait', firstContentMs],
      ['receive', durationMs],
    ]
    return { attempt: index, parts: parts(ends, attempt.at - at) }
  })
  return queue.length > 0 ? [{ attempt: undefined, parts: queue }, ...bars] : bars
}

/** Parts that follow each other, each until its own end. */
function parts(ends: [Phase, number | null | undefined][], start: number): Part[] {
  const found: Part[] = []
  let from = 0
  for (const [phase, to] of ends) {
    if (to === null || to === undefined || to <= from) continue
    found.push({ phase, from: start + from, to: start + to })
    from = to
  }
  return found
}
