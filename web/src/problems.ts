// Problems in a person's words.

import type { Problem } from './api/problem'
import { duration } from './format'
import { i18n } from './i18n.svelte'

/** The translated text of a problem's code; the server's own words where we have none. */
export function explain(problem: Problem): string {
  if (problem.status === 429 && problem.retryAfter !== undefined) {
    return i18n.front.signIn.throttled(duration(problem.retryAfter, i18n.language))
  }
  return i18n.front.errors[problem.code] ?? problem.message
}

/** What is wrong with each field. */
export function faults(problem: Problem): Record<string, string> {
  const all = Object.entries(problem.fields)
  return Object.fromEntries(all.map(([path, said]) => [path, i18n.fault(said)]))
}

/** The same, a line each. */
export function faultLines(problem: Problem): string[] {
  return Object.entries(faults(problem)).map(([path, fault]) => `${path}: ${fault}`)
}

/** What is wrong with its one field, or with the whole. */
export function explainFault(problem: Problem): string {
  return Object.values(faults(problem))[0] ?? explain(problem)
}
