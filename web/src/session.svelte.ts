// Whether the server knows us. The session itself is a cookie that scripts cannot read.

import { api, result, whenSignedOut } from './api/client'
import type { Bootstrap } from './api/types'

class Session {
  /** `unknown` until the server has answered a first call; `expired` keeps what was being done for after the sign-in. */
  state = $state<'unknown' | 'in' | 'expired' | 'out'>('unknown')
  bootstrap = $state.raw<Bootstrap>()
  readonly #forget: (() => void)[] = []

  constructor() {
    whenSignedOut(() => {
      this.state = this.state === 'in' || this.state === 'expired' ? 'expired' : 'out'
    })
  }

  async start(): Promise<Bootstrap> {
    this.bootstrap = await result(api.GET('/api/bootstrap'))
    return this.bootstrap
  }

  async signIn(key: string) {
    await result(api.POST('/api/session', { body: { key } }))
    this.state = 'in'
  }

  async signOut() {
    await result(api.DELETE('/api/session'))
    this.state = 'out'
    for (const forget of this.#forget) forget()
  }

  /** For what outlives a page: it shows the next person nothing of this one. */
  whenOut(forget: () => void) {
    this.#forget.push(forget)
  }
}

export const session = new Session()
