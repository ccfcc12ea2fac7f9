// The state of one open form: what it started from, what was typed, what the server said.

import { api, result } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import type { Channel } from '../api/types'
import { i18n } from '../i18n.svelte'
import { explain, faults } from '../problems'
import * as draft from './draft'

export class Editor {
  draft: draft.Draft
  errors = $state.raw<draft.Errors>({})
  /** What no single field explains. */
  failure = $state<string>()
  /** What somebody else made of the channel meanwhile. */
  conflict = $state.raw<Channel>()
  saving = $state(false)
  /** The channel as the server last had it; undefined while adding one. */
  original = $state.raw<Channel>()
  #before: draft.Draft

  constructor(channel: Channel | undefined) {
    this.original = channel
    this.#before = channel ? draft.draftOf(channel) : draft.emptyDraft()
    this.draft = $state(structuredClone(this.#before))
  }

  get dirty(): boolean {
    return !draft.isSame(this.#before, this.draft)
  }

  /** The channel once it is saved; undefined with `errors`, `failure` or `conflict` set otherwise. */
  async save(): Promise<Channel | undefined> {
    const saved = await this.#try()
    if (!this.conflict || this.changedByOthers.length > 0) return saved
    // The other change touched nothing that stands in this form: no reason to ask.
    this.keepMine()
    return this.#try()
  }

  async #try(): Promise<Channel | undefined> {
    if (this.saving) return undefined
    this.failure = undefined
    this.errors = draft.check(this.draft, this.original === undefined, i18n.t.form.number)
    if (Object.keys(this.errors).length > 0) return undefined
    this.saving = true
    try {
      const saved = this.original ? await this.#update(this.original) : await this.#create()
      this.#before = $state.snapshot(this.draft)
      this.draft.keys = []
      this.#before.keys = []
      return saved
    } catch (thrown) {
      this.#refused(asProblem(thrown))
      return undefined
    } finally {
      this.saving = false
    }
  }

  /** Drops what was typed for what the server has. */
  takeTheirs() {
    if (!this.conflict) return
    this.#rebase(this.conflict)
    this.draft = draft.draftOf(this.conflict)
    this.conflict = undefined
  }

  /** Puts what was typed on top of the other change, for the next save. */
  keepMine() {
    if (!this.conflict) return
    this.draft = draft.merged(this.#before, $state.snapshot(this.draft), draft.draftOf(this.conflict))
    this.#rebase(this.conflict)
    this.conflict = undefined
  }

  /** Fields that differ between what this form started from and the present state. */
  get changedByOthers(): string[] {
    return this.conflict ? Object.keys(draft.changes(this.#before, draft.draftOf(this.conflict))) : []
  }

  #create(): Promise<Channel> {
    return result(api.POST('/api/channels', { body: draft.creation(this.draft) }))
  }

  async #update(original: Channel): Promise<Channel> {
    const { id } = original
    const body = draft.changes(this.#before, this.draft)
    if (Object.keys(body).length > 0) {
      const params = { path: { id }, header: { 'If-Match': `"${original.version}"` } }
      this.#rebase(await result(api.PATCH('/api/channels/{id}', { params, body })))
    }
    await this.#addKeys(id)
    return this.original ?? original
  }

  /** One by one; those already in leave the form, so that a second save does not repeat them. */
  async #addKeys(id: string) {
    let row = 0
    while (row < this.draft.keys.length) {
      const [key] = draft.keysOf({ ...this.draft, keys: this.draft.keys.slice(row, row + 1) })
      if (key) await this.#addKey(id, key, row)
      if (key) this.draft.keys.splice(row, 1)
      else row += 1
    }
  }

  async #addKey(id: string, body: { key: string; name: string | null }, row: number) {
    try {
      await result(api.POST('/api/channels/{id}/keys', { params: { path: { id } }, body }))
    } catch (thrown) {
      const found = faults(asProblem(thrown))
      const message = found['key'] ?? Object.values(found)[0]
      if (message !== undefined) this.errors = { [`keys[${row}].key`]: message }
      throw thrown
    }
  }

  #rebase(channel: Channel) {
    this.original = channel
    this.#before = draft.draftOf(channel)
  }

  #refused(problem: Problem) {
    if (problem.isConflict && problem.current !== undefined) {
      this.conflict = problem.current as Channel
      return
    }
    if (Object.keys(this.errors).length === 0) this.errors = draft.serverErrors(faults(problem), this.draft)
    this.failure = Object.keys(this.errors).length > 0 ? i18n.t.form.invalid : explain(problem)
  }
}
