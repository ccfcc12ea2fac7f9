// The open form of the general settings.

import { api, result } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import type { SettingsView } from '../api/types'
import { i18n } from '../i18n.svelte'
import { explain, faults } from '../problems'
import { different, type FieldName, settingsOf, type Texts, textsOf, unreadable } from './fields'

export class General {
  texts = $state<Texts>(textsOf({}))
  errors = $state.raw<Readonly<Record<string, string>>>({})
  /** What no single field explains. */
  failure = $state<string>()
  /** What somebody else made of the settings meanwhile. */
  conflict = $state.raw<SettingsView>()
  saving = $state(false)
  readonly defaults: Texts
  #view: SettingsView

  constructor(view: SettingsView) {
    this.defaults = textsOf(view.defaults)
    this.#view = $state.raw(view)
    this.texts = textsOf(view.settings)
  }

  get changed(): FieldName[] {
    return different(textsOf(this.#view.settings), this.texts)
  }

  async save(): Promise<boolean> {
    const wrong = unreadable(this.texts)
    this.errors = Object.fromEntries(wrong.map((name) => [name, i18n.t.settings.notANumber]))
    this.failure = undefined
    if (this.saving || wrong.length > 0) return false
    this.saving = true
    try {
      const params = { header: { 'If-Match': `"${this.#view.version}"` } }
      const body = settingsOf($state.snapshot(this.texts))
      const view = await result(api.PUT('/api/settings', { params, body }))
      this.#rebase(view)
      this.texts = textsOf(view.settings)
      return true
    } catch (thrown) {
      this.#refused(asProblem(thrown))
      return false
    } finally {
      this.saving = false
    }
  }

  /** Drops what was typed. */
  revert() {
    this.texts = textsOf(this.#view.settings)
    this.errors = {}
    this.failure = undefined
  }

  takeTheirs() {
    if (!this.conflict) return
    this.#rebase(this.conflict)
    this.revert()
  }

  /** Puts what was typed on top of the other change, for the next save. */
  keepMine() {
    if (!this.conflict) return
    const mine = this.changed.map((name) => [name, this.texts[name]])
    this.texts = { ...textsOf(this.conflict.settings), ...(Object.fromEntries(mine) as Partial<Texts>) }
    this.#rebase(this.conflict)
  }

  #rebase(view: SettingsView) {
    this.#view = view
    this.conflict = undefined
  }

  #refused(problem: Problem) {
    if (problem.isConflict && problem.current !== undefined) {
      this.conflict = problem.current as SettingsView
      return
    }
    this.errors = faults(problem)
    this.failure = Object.keys(this.errors).length > 0 ? i18n.t.form.invalid : explain(problem)
  }
}
