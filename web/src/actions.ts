// What every button does around its own work: ask first, tell when it failed.

import { asProblem } from './api/problem'
import { i18n } from './i18n.svelte'
import { explain } from './problems'
import { confirmation, type Question } from './ui/confirm.svelte'
import { toasts } from './ui/toasts.svelte'

/** Waits for an action; a failure is told to the person and answers false. */
export async function attempt(action: Promise<unknown>): Promise<boolean> {
  try {
    await action
    return true
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (problem.status !== 401) toasts.say(explain(problem), 'bad')
    return false
  }
}

/** Asks before something that is not easily undone. */
export function sure(
  question: Pick<Question, 'title' | 'body' | 'action'> & Partial<Question>,
): Promise<boolean> {
  return confirmation.ask({ cancel: i18n.t.common.cancel, tone: 'danger', ...question })
}
