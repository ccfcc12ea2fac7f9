// The prices as one list: the operator's own before the built-in ones, models in use before the rest.

import type { Price } from '../api/types'

export const RATES = [
  'input',
  'cachedInput',
  'cacheWrite',
  'cacheWrite1h',
  'output',
  'reasoning',
  'inputAudio',
  'outputAudio',
  'webSearch',
] as const satisfies readonly (keyof Price)[]
/** What most prices are made of; the others stand behind `more`. */
export const SHOWN = ['input', 'output', 'cachedInput', 'cacheWrite'] as const satisfies readonly Rate[]

export type Rate = (typeof RATES)[number]

/** How often a model was asked for lately, and how often nobody knew a price. */
export interface Use {
  model: string
  requests: number
  unpriced: number
}

export interface Row {
  /** As the price names it; of a model without a price, as clients do. */
  model: string
  /** None: no price is known. */
  price: Price | undefined
  own: boolean
  /** Whether an own price takes the place of this built-in one. */
  replaced: boolean
  requests: number
  unpriced: number
}

/** All prices with what was asked for; a model without a price has a row too. */
export function rowsOf(own: Price[], builtIn: Price[], uses: Use[]): Row[] {
  const rows = [
    ...own.map((price) => row(price, true, false)),
    ...builtIn.map((price) =>
      row(
        price,
        false,
        own.some((other) => other.model === price.model),
      ),
    ),
  ]
  const alive = rows.filter(({ replaced }) => !replaced)
  for (const use of uses) {
    const found = matching(alive, use.model)
    for (const hit of found) {
      hit.requests += use.requests
      hit.unpriced += use.unpriced
    }
    if (found.length === 0) rows.push({ ...row(undefined, false, false), ...use })
  }
  return rows.sort(
    (a, b) =>
      Number(b.unpriced > 0) - Number(a.unpriced > 0) ||
      Number(b.requests > 0) - Number(a.requests > 0) ||
      Number(b.own) - Number(a.own) ||
      b.requests - a.requests ||
      a.model.localeCompare(b.model) ||
      (a.price?.over ?? 0) - (b.price?.over ?? 0),
  )
}

/** Those that price a model, as the gateway finds them: own ones first, with a vendor before the name or without. */
function matching(rows: Row[], model: string): Row[] {
  const bare = model.slice(model.lastIndexOf('/') + 1)
  const own = rows.filter((row) => row.own)
  const builtIn = rows.filter((row) => !row.own)
  const finds = [model, bare].flatMap((name) => [
    named(own, name),
    named(builtIn, name),
    snapshot(builtIn, name),
  ])
  return finds.find((found) => found.length > 0) ?? []
}

/** An exact name wins; among patterns the one with the most literal characters. */
function named(rows: Row[], name: string): Row[] {
  const exact = rows.filter((row) => row.model === name)
  if (exact.length > 0) return exact
  const [pattern] = rows
    .filter((row) => row.model.includes('*') && matches(row.model, name))
    .sort((a, b) => literal(b.model) - literal(a.model))
  return rows.filter((row) => row.model === pattern?.model)
}

/** Built-in prices hold for dated snapshots too. */
function snapshot(rows: Row[], name: string): Row[] {
  const undated = name.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '')
  return rows.filter((row) => row.model === undated)
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name)
}

function literal(pattern: string): number {
  return pattern.replaceAll('*', '').length
}

function row(price: Price | undefined, own: boolean, replaced: boolean): Row {
  return { model: price?.model ?? '', price, own, replaced, requests: 0, unpriced: 0 }
}

/** The own prices with `price` in the place of the one for the same model and length. */
export function withPrice(prices: Price[], price: Price): Price[] {
  const index = prices.findIndex((other) => isSame(other, price))
  return index < 0 ? [...prices, price] : prices.with(index, price)
}

export function withoutPrice(prices: Price[], price: Price): Price[] {
  return prices.filter((other) => !isSame(other, price))
}

export function isSame(a: Price, b: Price): boolean {
  return a.model === b.model && (a.over ?? 0) === (b.over ?? 0)
}
