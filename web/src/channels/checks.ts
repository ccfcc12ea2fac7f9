// What a test found, told briefly.

import type { TestResult } from '../api/types'

/** Checks of which there is the same to say. */
export interface Finding {
  /** The first of them. */
  result: TestResult
  checks: TestResult['check'][]
}

/** Checks that fail in a row for the same reason, unasked, are one finding: the reason is in the check before them. */
export function findings(results: readonly TestResult[]): Finding[] {
  const found: Finding[] = []
  for (const result of results) {
    const last = found.at(-1)
    if (last && isSame(last.result, result)) last.checks.push(result.check)
    else found.push({ result, checks: [result.check] })
  }
  return found
}

function isSame(left: TestResult, right: TestResult): boolean {
  const unasked = [left, right].every(({ ok, status, raw }) => !ok && status == null && !raw)
  const same = (['protocol', 'endpoint', 'keyId', 'class', 'message'] as const).every(
    (field) => left[field] === right[field],
  )
  return unasked && same
}
