// A secret that was shown this once, for the set-up of a client. It lives in this tab's memory and nowhere else.

import { session } from '../session.svelte'

export interface FreshKey {
  id: string
  name: string
  secret: string
}

class Fresh {
  key = $state.raw<FreshKey>()

  forget() {
    this.key = undefined
  }
}

export const fresh = new Fresh()
session.whenOut(() => fresh.forget())
