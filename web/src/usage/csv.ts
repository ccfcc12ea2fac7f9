// The rows of a breakdown as a file: https://www.rfc-editor.org/rfc/rfc4180.

import type { StatsRow } from '../api/types'

const COLUMNS = [
  'requests',
  'failed',
  'gone',
  'attempts',
  'failedAttempts',
  'input',
  'cacheRead',
  'cacheWrite',
  'output',
  'reasoning',
  'estimated',
  'unpriced',
] as const

/** A line for each row; the cost is in dollars. */
export function csvOf(by: string, rows: readonly StatsRow[], name: (value: string) => string): string {
  const heading = [by, 'name', ...COLUMNS, 'costUsd', 'firstContentP95Ms', 'durationP95Ms']
  const lines = rows.map((row) => [
    text(row.value),
    text(name(row.value)),
    ...COLUMNS.map((column) => String(row[column])),
    (row.cost / 1e6).toFixed(6),
    String(row.firstContentMs.p95 ?? ''),
    String(row.durationMs.p95 ?? ''),
  ])
  return [heading, ...lines].map((fields) => `${fields.join(',')}\r\n`).join('')
}

/** A name that a spreadsheet would take for a formula gets an apostrophe: https://owasp.org/www-community/attacks/CSV_Injection */
function text(value: string): string {
  const apostrophe = /^[=+\-@\t\r]/.test(value) ? "'" : ''
  return `"${apostrophe}${value.replaceAll('"', '""')}"`
}
