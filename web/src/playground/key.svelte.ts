// The client key of the playground, in this tab's memory and nowhere else.

import { api, result } from '../api/client'
import { fresh } from '../keys/fresh.svelte'
import { session } from '../session.svelte'

const HOUR = 3_600_000
const NAME = 'Playground'

class PlaygroundKey {
  secret = $state('')
  models = $state.raw<string[]>([])

  constructor() {
    this.secret = fresh.key?.secret ?? ''
  }

  /** Makes a key for an hour, or gives the one of last time a new secret and a new hour. */
  async make() {
    const { clientKeys } = await result(api.GET('/api/client-keys'))
    const old = clientKeys.find(({ name, environment }) => name === NAME && !environment)
    const expiresAt = Date.now() + HOUR
    this.secret = old ? await this.#renew(old.id, expiresAt) : await this.#create(expiresAt)
  }

  /** The models that the key may ask for; none where it opens nothing. */
  async findModels() {
    const headers = { authorization: `Bearer ${this.secret}` }
    const answer = await fetch('/v1/models', { headers, credentials: 'omit' })
    const body = answer.ok ? ((await answer.json()) as { data?: { id?: unknown }[] }) : {}
    const ids = (body.data ?? []).map(({ id }) => id).filter((id) => typeof id === 'string')
    this.models = ids
  }

  forget() {
    this.secret = ''
    this.models = []
  }

  async #create(expiresAt: number): Promise<string> {
    const body = { name: NAME, expiresAt }
    return (await result(api.POST('/api/client-keys', { body }))).key
  }

  async #renew(id: string, expiresAt: number): Promise<string> {
    const params = { path: { id } }
    const body = { expiresAt, status: 'active' as const }
    await result(api.PATCH('/api/client-keys/{id}', { params, body }))
    return (await result(api.POST('/api/client-keys/{id}/rotate', { params }))).key
  }
}

export const playgroundKey = new PlaygroundKey()
session.whenOut(() => playgroundKey.forget())
