// What an operator orders to be captured.

import type { CaptureWrite } from '../api/types'

export interface OrderTexts {
  requests: string
  minutes: string
  channel: string
  clientKey: string
  model: string
}

export type Limit = 'requests' | 'minutes'

/** The gateway takes no more. */
export const MOST: Record<Limit, number> = { requests: 500, minutes: 240 }

/** The limits that are left out where they may not be, or are no whole number up to the most. */
export function wrong(texts: OrderTexts): Limit[] {
  const limits = ['requests', 'minutes'] as const
  if (limits.every((limit) => texts[limit].trim() === '')) return [...limits]
  return limits.filter((limit) => {
    const text = texts[limit].trim()
    const value = Number(text)
    return text !== '' && !(/^\d{1,4}$/.test(text) && value >= 1 && value <= MOST[limit])
  })
}

/** The order that texts without anything wrong stand for. */
export function orderOf(texts: OrderTexts): CaptureWrite {
  const { requests, minutes, ...rest } = texts
  const amount = (text: string) => (text.trim() === '' ? undefined : Number(text))
  const filter = Object.entries(rest).filter(([, text]) => text.trim() !== '')
  return {
    requests: amount(requests),
    minutes: amount(minutes),
    filter: Object.fromEntries(filter.map(([name, text]) => [name, text.trim()])),
  }
}
