// One price as a form holds it: text everywhere.

import type { Price } from '../api/types'
import { type Rate, RATES } from './book'

export type Draft = Record<Rate | 'model' | 'over' | 'source' | 'asOf', string>

export function draftOf(price: Price): Draft {
  const text = (value: number | string | null | undefined) => (value == null ? '' : String(value))
  const rates = RATES.map((rate) => [rate, text(price[rate])])
  return {
    ...(Object.fromEntries(rates) as Record<Rate, string>),
    model: price.model,
    over: price.over ? String(price.over) : '',
    source: text(price.source),
    asOf: text(price.asOf),
  }
}

/** The fields whose text is no number. */
export function unreadable(draft: Draft): (keyof Draft)[] {
  const rates = RATES.filter(
    (rate) => draft[rate].trim() !== '' && !/^\d+([.]\d+)?$/.test(draft[rate].trim()),
  )
  return /^\d*$/.test(draft.over.trim()) ? rates : ['over', ...rates]
}

export function priceOf(draft: Draft): Price {
  const rates = RATES.filter((rate) => draft[rate].trim() !== '').map((rate) => [rate, Number(draft[rate])])
  const texts = (['source', 'asOf'] as const)
    .filter((name) => draft[name].trim() !== '')
    .map((name) => [name, draft[name].trim()])
  return {
    model: draft.model.trim(),
    ...(Number(draft.over) > 0 && { over: Number(draft.over) }),
    ...(Object.fromEntries([...rates, ...texts]) as Partial<Price>),
  } as Price
}
