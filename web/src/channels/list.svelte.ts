// The channel list: loaded, refreshed while somebody looks, and written to.

import { api, result } from '../api/client'
import { asProblem } from '../api/problem'
import type { ChannelHealth, ChannelSummary, Key, LiveMessage } from '../api/types'
import { keepFresh } from '../live/fresh'
import { session } from '../session.svelte'

/** In milliseconds: every answer of an edge deployment is a billed request. */
const REFRESH = 20_000
/** What is so young needs not be read again, in milliseconds. */
const JUST_NOW = 3_000
export const PROMOTION_SECONDS = 300

class ChannelList {
  channels = $state.raw<ChannelSummary[]>()
  /** Why the last refresh failed; the channels shown are then old. */
  failure = $state.raw<ReturnType<typeof asProblem>>()
  /** Counts writes, so that an answer from before one is not shown after it. */
  #writes = 0
  /** When the start of the UI read them, in milliseconds since the epoch, until somebody watches or writes. */
  #begun = 0

  /** Reads them for the page that is about to be shown. */
  async start() {
    if (await this.refresh()) this.#begun = Date.now()
  }

  /** What was read is old: a form wrote a channel. */
  written() {
    this.#writes += 1
    this.#begun = 0
  }

  /** Reads them anew; false where that failed. */
  async refresh(): Promise<boolean> {
    const before = this.#writes
    try {
      const { channels } = await result(api.GET('/api/channels'))
      session.state = 'in'
      if (before !== this.#writes) return true
      this.channels = channels
      this.failure = undefined
      return true
    } catch (thrown) {
      this.failure = asProblem(thrown)
      return false
    }
  }

  /** Refreshes now, unless the start of the UI just did, and keeps fresh what is shown; returns the end of it. */
  watch(every = REFRESH): () => void {
    const begun = this.#begun
    this.#begun = 0
    return keepFresh(
      () => this.refresh(),
      every,
      (message) => this.#hear(message),
      Date.now() - begun < JUST_NOW,
    )
  }

  #hear(message: LiveMessage) {
    if (message.type === 'channels') {
      this.channels = this.channels && withHealth(this.channels, message.channels)
      return 'never'
    }
    return message.type === 'config' ? 'now' : 'later'
  }

  /** Shows the next person nothing of this one. */
  forget() {
    this.channels = undefined
    this.failure = undefined
  }

  setStatus({ id }: ChannelSummary, status: 'active' | 'paused') {
    const params = { path: { id } }
    return this.#write(() =>
      result(
        status === 'paused'
          ? api.POST('/api/channels/{id}/pause', { params })
          : api.POST('/api/channels/{id}/resume', { params }),
      ),
    )
  }

  /** Zero seconds end a promotion. */
  promote({ id }: ChannelSummary, seconds: number) {
    return this.#write(() =>
      result(api.POST('/api/channels/{id}/promote', { params: { path: { id } }, body: { seconds } })),
    )
  }

  /** The copy is paused, and comes last. */
  duplicate({ id }: ChannelSummary) {
    return this.#write(() => result(api.POST('/api/channels/{id}/duplicate', { params: { path: { id } } })))
  }

  delete({ id }: ChannelSummary) {
    return this.#write(() => result(api.DELETE('/api/channels/{id}', { params: { path: { id } } })))
  }

  /** Shows the new order at once; the old one returns when the server refuses. */
  async reorder(ids: string[]) {
    const before = this.channels ?? []
    const position = new Map(ids.map((id, index) => [id, index]))
    this.channels = [...before].sort((a, b) => (position.get(a.id) ?? 0) - (position.get(b.id) ?? 0))
    try {
      await this.#write(() => result(api.POST('/api/channels/reorder', { body: { ids } })))
    } catch (thrown) {
      this.channels = before
      throw thrown
    }
  }

  setKeyStatus(channel: ChannelSummary, key: Key, status: 'active' | 'paused') {
    return this.#write(() =>
      result(api.PATCH('/api/channels/{id}/keys/{keyId}', { ...at(channel, key), body: { status } })),
    )
  }

  restoreKey(channel: ChannelSummary, key: Key) {
    return this.#write(() => result(api.POST('/api/channels/{id}/keys/{keyId}/restore', at(channel, key))))
  }

  addKey({ id }: ChannelSummary, key: string) {
    return this.#write(() =>
      result(api.POST('/api/channels/{id}/keys', { params: { path: { id } }, body: { key } })),
    )
  }

  /** What was held against the old secret does not count for the new one. */
  replaceKey(channel: ChannelSummary, key: Key, secret: string) {
    return this.#write(async () => {
      const body = { key: secret }
      await result(api.PATCH('/api/channels/{id}/keys/{keyId}', { ...at(channel, key), body }))
      await result(api.POST('/api/channels/{id}/keys/{keyId}/restore', at(channel, key)))
    })
  }

  deleteKey(channel: ChannelSummary, key: Key) {
    return this.#write(() => result(api.DELETE('/api/channels/{id}/keys/{keyId}', at(channel, key))))
  }

  async #write(write: () => Promise<unknown>) {
    this.#writes += 1
    try {
      await write()
    } finally {
      this.#writes += 1
    }
    await this.refresh()
  }
}

/** The channels, with what is known better of some. */
function withHealth(channels: ChannelSummary[], told: ChannelHealth[]): ChannelSummary[] {
  const healths = new Map(told.map((health) => [health.id, health]))
  return channels.map((channel) => ({ ...channel, health: healths.get(channel.id) ?? channel.health }))
}

function at(channel: ChannelSummary, key: Key) {
  return { params: { path: { id: channel.id, keyId: key.id } } }
}

export const list = new ChannelList()
session.whenOut(() => list.forget())
