// The state of one open form: what it started from, what was typed, what the server said.

import { api, result } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import type { ClientKey, NewClientKey } from '../api/types'
import { i18n } from '../i18n.svelte'
import { explain, faults } from '../problems'
import * as draft from './draft'

export class Editor {
  draft: draft.Draft
  errors = $state.raw<draft.Errors>({})
  /** What no single field explains. */
  failure = $state<string>()
  /** What somebody else made of the key meanwhile. */
  conflict = $state.raw<ClientKey>()
  saving = $state(false)
  /** The key as the server last had it; undefined while making one. */
  original = $state.raw<ClientKey>()
  #before: draft.Draft

  constructor(key: ClientKey | undefined) {
    this.original = key
    this.#before = key ? draft.draftOf(key) : draft.emptyDraft()
    this.draft = $state(structuredClone(this.#before))
  }

  get dirty(): boolean {
    return !draft.isSame(this.#before, this.draft)
  }

  /** The new key with its secret; undefined with `errors` or `failure` set otherwise. */
  create(): Promise<NewClientKey | undefined> {
    return this.#try(() => result(api.POST('/api/client-keys', { body: draft.creation(this.draft) })))
  }

  /** The key as saved; undefined with `errors`, `failure` or `conflict` set otherwise. */
  save(original: ClientKey): Promise<ClientKey | undefined> {
    const params = { path: { id: original.id }, header: { 'If-Match': `"${original.version}"` } }
    const body = draft.changes(this.#before, this.draft)
    return this.#try(() => result(api.PATCH('/api/client-keys/{id}', { params, body })))
  }

  /** Drops what was typed for what the server has. */
  takeTheirs() {
    if (!this.conflict) return
    this.draft = draft.draftOf(this.conflict)
    this.#rebase(this.conflict)
  }

  /** Puts what was typed on top of the other change, for the next save. */
  keepMine() {
    if (!this.conflict) return
    this.draft = draft.merged(this.#before, $state.snapshot(this.draft), draft.draftOf(this.conflict))
    this.#rebase(this.conflict)
  }

  async #try<Answer>(write: () => Promise<Answer>): Promise<Answer | undefined> {
    if (this.saving) return undefined
    const { wholeNumber, amount, date } = i18n.t.clientKeys.complaints
    this.failure = undefined
    this.errors = draft.check(this.draft, { wholeNumber, money: amount, date })
    if (Object.keys(this.errors).length > 0) return undefined
    this.saving = true
    try {
      const answer = await write()
      this.#before = $state.snapshot(this.draft)
      return answer
    } catch (thrown) {
      this.#refused(asProblem(thrown))
      return undefined
    } finally {
      this.saving = false
    }
  }

  #rebase(key: ClientKey) {
    this.original = key
    this.#before = draft.draftOf(key)
    this.conflict = undefined
  }

  #refused(problem: Problem) {
    if (problem.isConflict && problem.current !== undefined) {
      this.conflict = problem.current as ClientKey
      return
    }
    this.errors = faults(problem)
    this.failure = Object.keys(this.errors).length > 0 ? i18n.t.form.invalid : explain(problem)
  }
}
