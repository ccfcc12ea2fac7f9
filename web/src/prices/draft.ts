// One price as a form holds it: text everywhere.

import type { Price } from '../api/types'
import { type Rate, RATES } from './book'

export type Draft = Record<Rate | 'model' | 'over' | 'peakHours' | 'peakFactor' | 'source' | 'asOf', string>

const DECIMALS = [...RATES, 'peakFactor'] as const

export function draftOf(price: Price): Draft {
  const text = (value: number | string | null | undefined) => (value == null ? '' : String(value))
  const rates = RATES.map((rate) => [rate, text(price[rate])])
  return {
    ...(Object.fromEntries(rates) as Record<Rate, string>),
    model: price.model,
    over: price.over ? String(price.over) : '',
    peakHours: text(price.peakHours),
    peakFactor: text(price.peakFactor),
    source: text(price.source),
    asOf: text(price.asOf),
  }
}

/** The fields whose text is no number. */
export function unreadable(draft: Draft): (keyof Draft)[] {
  const isDecimal = (text: string) => /^(\d+([.]\d+)?)?$/.test(text.trim())
  const wrong = DECIMALS.filter((name) => !isDecimal(draft[name]))
  return /^\d*$/.test(draft.over.trim()) ? wrong : ['over', ...wrong]
}

export function priceOf(draft: Draft): Price {
  const numbers = DECIMALS.filter((name) => draft[name].trim() !== '').map((name) => [
    name,
    Number(draft[name]),
  ])
  const texts = (['peakHours', 'source', 'asOf'] as const)
    .filter((name) => draft[name].trim() !== '')
    .map((name) => [name, draft[name].trim()])
  return {
    model: draft.model.trim(),
    ...(Number(draft.over) > 0 && { over: Number(draft.over) }),
    ...(Object.fromEntries([...numbers, ...texts]) as Partial<Price>),
  } as Price
}
