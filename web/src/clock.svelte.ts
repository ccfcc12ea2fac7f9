// The time, for countdowns: ticks once a second while somebody looks.

let ticks = $state(0)

setInterval(() => {
  if (document.visibilityState === 'visible') ticks += 1
}, 1000)

/** Milliseconds since the Unix epoch; who reads it in an effect or template reads it anew with every tick. */
export function now(): number {
  void ticks
  return Date.now()
}
