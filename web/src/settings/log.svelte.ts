// A list of changes, page by page, the newest first.

import { asProblem } from '../api/problem'
import type { ChangeEntry } from '../api/types'
import { explain } from '../problems'

export interface LogPage {
  entries: ChangeEntry[]
  next?: string | null
}

export class Log {
  entries = $state.raw<ChangeEntry[]>()
  failure = $state<string>()
  loading = $state(false)
  more = $state(false)
  #next: string | undefined
  #read: (cursor: string | undefined) => Promise<LogPage>

  constructor(read: (cursor: string | undefined) => Promise<LogPage>) {
    this.#read = read
  }

  /** Reads the newest page anew. */
  restart(): Promise<void> {
    return this.#load(undefined)
  }

  /** Appends the next page. */
  continue(): Promise<void> {
    return this.#load(this.#next)
  }

  async #load(cursor: string | undefined) {
    this.loading = true
    this.failure = undefined
    try {
      const { entries, next } = await this.#read(cursor)
      this.entries = cursor === undefined ? entries : [...(this.entries ?? []), ...entries]
      this.#next = next ?? undefined
      this.more = this.#next !== undefined
    } catch (thrown) {
      this.failure = explain(asProblem(thrown))
    } finally {
      this.loading = false
    }
  }
}
