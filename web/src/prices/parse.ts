// Prices out of a text: this gateway's JSON, or a table with a head as spreadsheets write it.

import type { Price } from '../api/types'
import { isSame, RATES } from './book'

const TEXTS = ['model', 'peakHours', 'source', 'asOf'] as const
const NUMBERS = ['over', ...RATES, 'peakFactor'] as const
const COLUMNS: readonly string[] = [...TEXTS, ...NUMBERS]

export type Parsed =
  { prices: Price[]; unknown: string[] } | { error: 'empty' | 'noModel' | 'notANumber'; line: number }

export function parse(text: string): Parsed {
  const trimmed = text.trim()
  if (trimmed === '') return { error: 'empty', line: 1 }
  return /^[[{]/.test(trimmed) ? fromJson(trimmed) : fromTable(trimmed)
}

/** What `incoming` adds to `present`, and what it changes there. */
export function compared(present: Price[], incoming: Price[]) {
  const old = (price: Price) => present.find((other) => isSame(other, price))
  const added = incoming.filter((price) => old(price) === undefined)
  const changed = incoming.flatMap((price) => {
    const before = old(price)
    return before === undefined || isEqual(before, price) ? [] : [{ before, after: price }]
  })
  return { added, changed, same: incoming.length - added.length - changed.length }
}

function fromJson(text: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { error: 'empty', line: 1 }
  }
  const list = Array.isArray(value) ? value : (value as { prices?: unknown }).prices
  if (!Array.isArray(list) || list.length === 0) return { error: 'empty', line: 1 }
  return collected(list.map((entry) => Object.entries(entry as object) as [string, unknown][]))
}

function fromTable(text: string): Parsed {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const [head = '', ...rest] = lines
  const separator = head.includes('\t') ? '\t' : head.includes(';') ? ';' : ','
  const names = cells(head, separator)
  if (!names.includes('model') || rest.length === 0) return { error: 'empty', line: 1 }
  return collected(
    rest.map((line) => cells(line, separator).map((cell, at): [string, unknown] => [names[at] ?? '', cell])),
  )
}

function collected(rows: [string, unknown][][]): Parsed {
  const prices: Price[] = []
  const unknown = new Set<string>()
  for (const [index, row] of rows.entries()) {
    const price: Record<string, string | number> = {}
    for (const [name, value] of row) {
      if (!COLUMNS.includes(name)) unknown.add(name)
      else if (value === '' || value === null) continue
      else if ((TEXTS as readonly string[]).includes(name)) price[name] = String(value).trim()
      else if (Number.isFinite(Number(value))) price[name] = Number(value)
      else return { error: 'notANumber', line: index + 1 }
    }
    if (!price['model']) return { error: 'noModel', line: index + 1 }
    prices.push(price as unknown as Price)
  }
  unknown.delete('')
  return { prices, unknown: [...unknown] }
}

/** The cells of one line; quotes keep a separator, doubled quotes are one. */
function cells(line: string, separator: string): string[] {
  const found: string[] = []
  let [cell, quoted] = ['', false]
  for (let at = 0; at < line.length; at += 1) {
    const letter = line[at]
    if (letter === '"' && quoted && line[at + 1] === '"') [cell, at] = [`${cell}"`, at + 1]
    else if (letter === '"') quoted = !quoted
    else if (letter === separator && !quoted) [cell] = ['', found.push(cell.trim())]
    else cell += letter
  }
  return [...found, cell.trim()]
}

function isEqual(a: Price, b: Price): boolean {
  return COLUMNS.every((name) => (a[name as keyof Price] ?? '') === (b[name as keyof Price] ?? ''))
}
