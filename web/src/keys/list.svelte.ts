// The client keys as the server has them: refreshed while somebody looks, and written to.

import { api, result } from '../api/client'
import { asProblem } from '../api/problem'
import type { ClientKey, NewClientKey } from '../api/types'
import { keepFresh } from '../live/fresh'
import { session } from '../session.svelte'

const REFRESH = 15_000

class KeyList {
  keys = $state.raw<ClientKey[]>()
  /** Why the last refresh failed; the keys shown are then old. */
  failure = $state.raw<ReturnType<typeof asProblem>>()

  /** Reads them anew; false where that failed. */
  async refresh(): Promise<boolean> {
    try {
      const { clientKeys } = await result(api.GET('/api/client-keys'))
      this.keys = clientKeys
      this.failure = undefined
      return true
    } catch (thrown) {
      this.failure = asProblem(thrown)
      return false
    }
  }

  /** Refreshes now, and keeps fresh what is shown; returns the end of it. */
  watch(): () => void {
    return keepFresh(
      () => this.refresh(),
      REFRESH,
      ({ type }) => (type === 'config' ? 'now' : 'later'),
    )
  }

  forget() {
    this.keys = undefined
    this.failure = undefined
  }

  setStatus(key: ClientKey, status: 'active' | 'paused') {
    return this.#write(result(api.PATCH('/api/client-keys/{id}', { ...at(key), body: { status } })))
  }

  delete(key: ClientKey) {
    return this.#write(result(api.DELETE('/api/client-keys/{id}', at(key))))
  }

  /** The old secret opens nothing from now on. */
  async rotate(key: ClientKey): Promise<NewClientKey> {
    const made = await result(api.POST('/api/client-keys/{id}/rotate', at(key)))
    void this.refresh()
    return made
  }

  async #write(write: Promise<unknown>) {
    await write
    await this.refresh()
  }
}

function at({ id }: ClientKey) {
  return { params: { path: { id } } }
}

export const keyList = new KeyList()
session.whenOut(() => keyList.forget())
