// What ids stand for, for pages that show records: channels and client keys may be gone by then.

import { api, result } from './api/client'
import { asProblem } from './api/problem'
import type { ClientKey } from './api/types'
import { list } from './channels/list.svelte'
import { i18n } from './i18n.svelte'

class Names {
  clientKeys = $state.raw<ClientKey[]>([])

  /** Reads them anew; without an answer ids stand for themselves. */
  async load() {
    const keys = result(api.GET('/api/client-keys')).then(({ clientKeys }) => (this.clientKeys = clientKeys))
    await Promise.all([keys.catch(asProblem), list.channels ? undefined : list.refresh()])
  }

  channel(id: string): string {
    return list.channels?.find((channel) => channel.id === id)?.name ?? id
  }

  clientKey(id: string): string {
    return this.clientKeys.find((key) => key.id === id)?.name ?? id
  }

  /** An upstream key, with the channel it belongs to. */
  key(id: string): string {
    for (const channel of list.channels ?? []) {
      const key = channel.keys.find((candidate) => candidate.id === id)
      if (key) return `${channel.name} · ${key.name ?? key.masked}`
    }
    return id
  }

  protocol(name: string): string {
    const known: Readonly<Record<string, string>> = i18n.t.protocols
    return known[name] ?? name
  }
}

export const names = new Names()
