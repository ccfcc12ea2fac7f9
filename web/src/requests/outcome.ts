// What became of a request, or how far it is, in one word.

import type { Tone } from '../ui/tone'
import { isUnderWay, type Row } from './tail'

export type OutcomeName = 'waiting' | 'answering' | 'served' | 'cut' | 'left' | 'failed'

export interface Outcome {
  name: OutcomeName
  tone: Tone
}

/** A status below 400 was sent before the end was known: what the last attempt came to tells how it went on. */
export function outcomeOf(request: Row): Outcome {
  if (isUnderWay(request)) {
    return { name: typeof request.firstContentMs === 'number' ? 'answering' : 'waiting', tone: 'off' }
  }
  const { status, class: kind } = request
  if (status === 499 || kind === 'client_gone') return { name: 'left', tone: 'off' }
  if (status >= 400) return { name: 'failed', tone: 'bad' }
  return kind === 'success' ? { name: 'served', tone: 'good' } : { name: 'cut', tone: 'warn' }
}
