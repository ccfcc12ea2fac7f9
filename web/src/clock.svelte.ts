// The time, for countdowns: ticks once a second while somebody looks and something counts.

import { createSubscriber } from 'svelte/reactivity'

const subscribe = createSubscriber((update) => {
  const ticker = setInterval(() => {
    if (document.visibilityState === 'visible') update()
  }, 1000)
  return () => clearInterval(ticker)
})

/** Milliseconds since the Unix epoch; reading it in an effect or template subscribes to the tick. */
export function now(): number {
  subscribe()
  return Date.now()
}
