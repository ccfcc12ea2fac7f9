// The settings as a form holds them: one text a field, empty where the default applies.

import type { Settings } from '../api/types'

export type Unit = 'seconds' | 'percent' | 'count'

export const FIELDS = {
  'timeouts.connectTimeoutMs': 'seconds',
  'timeouts.responseHeaderTimeoutMs': 'seconds',
  'timeouts.firstContentTimeoutMs': 'seconds',
  'timeouts.idleTimeoutMs': 'seconds',
  'timeouts.totalTimeoutMs': 'seconds',
  maxAttempts: 'count',
  maxWaitMs: 'seconds',
  'breaker.window': 'count',
  'breaker.failureRate': 'percent',
  'breaker.consecutiveFailures': 'count',
  'breaker.openMinMs': 'seconds',
  'breaker.openMaxMs': 'seconds',
} as const satisfies Record<string, Unit>

export type FieldName = keyof typeof FIELDS
export type Texts = Record<FieldName, string>

export const NAMES = Object.keys(FIELDS) as FieldName[]

/** In the order of the page. */
export const GROUPS = {
  timeouts: NAMES.filter((name) => name.startsWith('timeouts.')),
  attempts: ['maxAttempts', 'maxWaitMs'],
  breaker: NAMES.filter((name) => name.startsWith('breaker.')),
} as const satisfies Record<string, readonly FieldName[]>

/** How many of a field's unit make one of the API's. */
const SCALE: Record<Unit, number> = { seconds: 0.001, percent: 100, count: 1 }

export function textsOf(settings: Settings): Texts {
  const texts = NAMES.map((name) => [name, text(name, valueAt(settings, name))])
  return Object.fromEntries(texts) as Texts
}

/** What a form with these texts stands for; fields without a text are left out. */
export function settingsOf(texts: Texts): Settings {
  const settings: Record<string, number | Record<string, number>> = {}
  for (const name of NAMES) {
    const value = number(name, texts[name])
    if (value === undefined) continue
    const [outer = name, inner] = name.split('.')
    if (inner === undefined) settings[outer] = value
    else settings[outer] = { ...(settings[outer] as Record<string, number>), [inner]: value }
  }
  return settings
}

/** The fields whose text is no number. */
export function unreadable(texts: Texts): FieldName[] {
  return NAMES.filter((name) => texts[name].trim() !== '' && number(name, texts[name]) === undefined)
}

/** The fields that differ, by what they stand for; text that stands for nothing differs from all other. */
export function different(before: Texts, after: Texts): FieldName[] {
  const meaning = (name: FieldName, text: string) => number(name, text) ?? text.trim()
  return NAMES.filter((name) => meaning(name, before[name]) !== meaning(name, after[name]))
}

function valueAt(settings: Settings, name: FieldName): number | undefined {
  let value: unknown = settings
  for (const step of name.split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
  return typeof value === 'number' ? value : undefined
}

function text(name: FieldName, value: number | undefined): string {
  return value === undefined ? '' : String(rounded(value * SCALE[FIELDS[name]]))
}

function number(name: FieldName, written: string): number | undefined {
  const unit = FIELDS[name]
  const form = unit === 'count' ? /^\d{1,9}$/ : /^\d{1,9}([.]\d{1,3})?$/
  if (!form.test(written.trim())) return undefined
  const value = Number(written) / SCALE[unit]
  return unit === 'percent' ? rounded(value) : Math.round(value)
}

/** Without the dust that binary fractions leave. */
function rounded(value: number): number {
  return Number(value.toFixed(6))
}
