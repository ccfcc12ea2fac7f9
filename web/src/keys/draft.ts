// A client key as a form holds it: text everywhere, rows instead of maps.

import type { ClientKey, ClientKeyWrite, Period } from '../api/types'

export interface BudgetRow {
  period: Period
  /** Empty: no bound of that kind. */
  tokens: string
  /** In dollars. */
  money: string
}

export interface Draft {
  name: string
  /** Of a new key only; empty: the gateway makes one. */
  secret: string
  /** Of a `datetime-local` field, in this browser's zone; empty: never. */
  expires: string
  /** One pattern per line. */
  models: string
  /** Ids; none: all channels. */
  channels: string[]
  requestsPerMinute: string
  tokensPerMinute: string
  concurrency: string
  budgets: BudgetRow[]
}

export type Errors = Readonly<Record<string, string>>

export interface Complaints {
  wholeNumber: string
  money: string
  date: string
}

export const PERIODS = ['day', 'week', 'month', 'total'] as const satisfies readonly Period[]
export const LIMITS = ['requestsPerMinute', 'tokensPerMinute', 'concurrency'] as const

export function emptyDraft(): Draft {
  return {
    name: '',
    secret: '',
    expires: '',
    models: '',
    channels: [],
    requestsPerMinute: '',
    tokensPerMinute: '',
    concurrency: '',
    budgets: [],
  }
}

export function draftOf(key: ClientKey): Draft {
  const text = (value: number | null | undefined) => (value == null ? '' : String(value))
  return {
    name: key.name,
    secret: '',
    expires: key.expiresAt == null ? '' : localTime(key.expiresAt),
    models: key.models.join('\n'),
    channels: [...key.channels],
    requestsPerMinute: text(key.limits.requestsPerMinute),
    tokensPerMinute: text(key.limits.tokensPerMinute),
    concurrency: text(key.limits.concurrency),
    budgets: key.budgets.map(({ period, tokens, costMicros }) => ({
      period,
      tokens: text(tokens),
      money: costMicros == null ? '' : dollars(costMicros),
    })),
  }
}

/** Errors the form can tell by itself: only what could not even be sent. */
export function check(draft: Draft, say: Complaints): Errors {
  const errors: Record<string, string> = {}
  for (const field of LIMITS) if (!isCount(draft[field])) errors[`limits.${field}`] = say.wholeNumber
  draft.budgets.forEach(({ tokens, money }, index) => {
    if (!isCount(tokens)) errors[`budgets[${index}].tokens`] = say.wholeNumber
    if (money.trim() !== '' && micros(money) === undefined) errors[`budgets[${index}].costMicros`] = say.money
  })
  if (draft.expires !== '' && Number.isNaN(Date.parse(draft.expires))) errors['expiresAt'] = say.date
  return errors
}

/** Everything but the secret, as the API takes it. */
export function fieldsOf(draft: Draft) {
  return {
    name: draft.name.trim(),
    expiresAt: draft.expires === '' ? null : Date.parse(draft.expires),
    models: lines(draft.models),
    channels: draft.channels,
    limits: Object.fromEntries(LIMITS.map((field) => [field, count(draft[field])])),
    budgets: draft.budgets.map(({ period, tokens, money }) => ({
      period,
      tokens: count(tokens),
      costMicros: micros(money) ?? null,
    })),
  }
}

export function creation(draft: Draft): ClientKeyWrite {
  const secret = draft.secret.trim()
  return { ...fieldsOf(draft), ...(secret !== '' && { key: secret }) }
}

/** What was changed between two drafts: the body of a PATCH. */
export function changes(before: Draft, after: Draft): ClientKeyWrite {
  const old = fieldsOf(before)
  const changed = Object.entries(fieldsOf(after)).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field as keyof typeof old]),
  )
  return Object.fromEntries(changed)
}

/** Their state with what was changed here on top. */
export function merged(before: Draft, mine: Draft, theirs: Draft): Draft {
  const touched = Object.entries(mine).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof Draft]),
  )
  return { ...theirs, ...Object.fromEntries(touched) }
}

export function isSame(before: Draft, after: Draft): boolean {
  return Object.keys(changes(before, after)).length === 0 && after.secret.trim() === ''
}

/** A moment as a `datetime-local` field writes it, to the minute. */
export function localTime(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`
}

function dollars(costMicros: number): string {
  return (costMicros / 1_000_000).toFixed(6).replace(/\.?0+$/, '')
}

/** Dollars as millionths; undefined for what is no amount. */
function micros(text: string): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim())
  if (!match) return undefined
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'))
}

function isCount(text: string): boolean {
  return /^\d{0,15}$/.test(text.trim())
}

function count(text: string): number | null {
  return text.trim() === '' ? null : Number(text)
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
