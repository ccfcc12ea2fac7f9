// An import on its way: the file, what it would change, what it did.

import { api, result } from '../api/client'
import { asProblem } from '../api/problem'
import type { ImportView } from '../api/types'
import { i18n } from '../i18n.svelte'
import { explain, faultLines } from '../problems'

export const FORMATS = ['causeway', 'ccx', 'one-api', 'litellm'] as const
export type Format = (typeof FORMATS)[number]
export const MODES = ['merge', 'replace'] as const
export type Mode = (typeof MODES)[number]

export class Import {
  text = $state('')
  /** Empty: found out by the gateway. */
  format = $state<Format | ''>('')
  mode = $state<Mode>('merge')
  passphrase = $state('')
  failure = $state<string>()
  working = $state(false)
  /** What would change; goes when the file or its reading changes. */
  plan = $state.raw<ImportView>()

  /** Whether the file says that its credentials are sealed. */
  get isSealed(): boolean {
    return /"encryption"\s*:\s*\{/.test(this.text)
  }

  forgetPlan() {
    this.plan = undefined
    this.failure = undefined
  }

  /** Asks what would change. */
  async look() {
    const view = await this.#send(true, undefined)
    if (view) this.plan = view
  }

  /** Does what the plan says; refused when the configuration has changed since. */
  async apply(): Promise<ImportView | undefined> {
    const view = await this.#send(false, this.plan?.version)
    if (view) {
      this.plan = undefined
      this.text = this.passphrase = ''
    }
    return view
  }

  async #send(dryRun: boolean, version: string | undefined): Promise<ImportView | undefined> {
    this.failure = undefined
    const document = parsed(this.text)
    if (document === undefined) {
      this.failure = i18n.t.settings.import.notJson
      return undefined
    }
    this.working = true
    try {
      const params = {
        query: { dryRun },
        header: version === undefined ? {} : { 'If-Match': `"${version}"` },
      }
      const body = {
        document,
        mode: this.mode,
        ...(this.format !== '' && { format: this.format }),
        ...(this.isSealed && { passphrase: this.passphrase }),
      }
      return await result(api.POST('/api/config/import', { params, body }))
    } catch (thrown) {
      this.#refused(asProblem(thrown))
      return undefined
    } finally {
      this.working = false
    }
  }

  #refused(problem: ReturnType<typeof asProblem>) {
    const t = i18n.t.settings.import
    const fields = faultLines(problem)
    if (problem.isConflict) {
      this.plan = undefined
      this.failure = t.changedMeanwhile
    } else this.failure = fields.length > 0 ? `${t.refused} ${fields.join('; ')}` : explain(problem)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
