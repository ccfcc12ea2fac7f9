// What became of a request, in one word.

import type { RequestSummary } from '../api/types'
import type { Tone } from '../ui/tone'

export type OutcomeName = 'served' | 'cut' | 'left' | 'failed'

export interface Outcome {
  name: OutcomeName
  tone: Tone
}

/** A status below 400 was sent before the end was known: what the last attempt came to tells how it went on. */
export function outcomeOf({ status, class: kind }: Pick<RequestSummary, 'status' | 'class'>): Outcome {
  if (status === 499 || kind === 'client_gone') return { name: 'left', tone: 'off' }
  if (status >= 400) return { name: 'failed', tone: 'bad' }
  return kind === 'success' ? { name: 'served', tone: 'good' } : { name: 'cut', tone: 'warn' }
}
