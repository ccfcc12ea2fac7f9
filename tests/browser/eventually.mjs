// Waiting for what is so a moment later.

import { setTimeout } from 'node:timers/promises'

/** Asks until it is so, for ten seconds; `what` says it in words. */
export async function eventually(holds, what = String(holds)) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return
    await setTimeout(100)
  }
  throw new Error(`it never came to that: ${what}`)
}
