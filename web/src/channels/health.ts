// What a channel's and a key's health come to, in one word each.

import type { ChannelSummary, Class, KeyHealth, ProtocolHealth } from '../api/types'

/** From best to worst. */
const ORDER = ['active', 'halfOpen', 'cooling', 'open', 'refused'] as const
type Condition = (typeof ORDER)[number]

export type StateName = Condition | 'paused' | 'noKey' | 'partial'

export interface State {
  name: StateName
  /** When it is tried again, in milliseconds since the epoch, where that is known. */
  until?: number | undefined
  /** Class of the last failure behind the state. */
  cause?: Class | undefined
}

/** The state of one key: its cooldown, else its worst over the protocols it serves. */
export function keyState(channel: ChannelSummary, keyId: string, now: number): State {
  const key = channel.keys.find((candidate) => candidate.id === keyId)
  if (key?.status === 'paused') return { name: 'paused' }
  const health = channel.health?.keys.find((candidate) => candidate.id === keyId)
  return health === undefined ? { name: 'active' } : stateOf(health, now)
}

export function channelState(channel: ChannelSummary, now: number): State {
  return channel.status === 'paused' ? { name: 'paused' } : serviceState(channel, now)
}

/** How a channel is in service, or would be: as its best key, or `partial` when some of it does not work. */
export function serviceState(channel: ChannelSummary, now: number): State {
  const states = channel.keys
    .map((key) => keyState(channel, key.id, now))
    .filter((state) => state.name !== 'paused')
  const [first, ...rest] = states
  if (first === undefined) return { name: 'noKey' }
  const best = rest.reduce((left, right) => (better(right, left) ? right : left), first)
  const troubled = states.find((state) => state.name !== 'active')
  if (best.name === 'active' && troubled) return { ...troubled, name: 'partial' }
  return best
}

/** Whether requests can be served in this state. */
export function serves(state: State): boolean {
  return state.name === 'active' || state.name === 'partial' || state.name === 'halfOpen'
}

/** Keys that could be used for a request now. */
export function usableKeys(channel: ChannelSummary, now: number): number {
  return channel.keys.filter((key) => serves(keyState(channel, key.id, now))).length
}

export function inFlight(channel: ChannelSummary): number {
  return channel.health?.inFlight ?? 0
}

function stateOf({ cooldown, unproven, protocols }: KeyHealth, now: number): State {
  const states = protocols.map(breakerState)
  if (cooldown && cooldown.until > now) {
    const { class: cause, until } = cooldown
    // Time mends most of what a key cools down from, but not a key that the upstream does not take.
    states.push({ name: cause === 'auth' ? 'refused' : 'cooling', until, cause })
  } else if (unproven && protocols.some(({ lastFailure }) => lastFailure?.class === 'auth')) {
    states.push({ name: 'refused', until: now, cause: 'auth' })
  }
  return worst(states)
}

function breakerState({ breaker, openUntil, lastFailure }: ProtocolHealth): State {
  const cause = lastFailure?.class
  if (breaker === 'open') return { name: 'open', until: openUntil ?? undefined, cause }
  return breaker === 'half_open' ? { name: 'halfOpen', cause } : { name: 'active' }
}

function worst(states: State[]): State {
  return states.reduce((left, right) => (better(left, right) ? right : left), { name: 'active' } as State)
}

function better(left: State, right: State): boolean {
  const difference = rank(left) - rank(right)
  return difference !== 0 ? difference < 0 : (left.until ?? 0) < (right.until ?? 0)
}

function rank(state: State): number {
  return ORDER.indexOf(state.name as Condition)
}
