// What a channel's and a key's health come to, in one word each.

import type { ChannelSummary, KeyHealth } from '../api/types'

/** From best to worst. */
const ORDER = ['active', 'halfOpen', 'cooling', 'open'] as const
type Condition = (typeof ORDER)[number]

export type StateName = Condition | 'paused' | 'noKey' | 'partial'

export interface State {
  name: StateName
  /** When it is tried again, in milliseconds since the epoch, where that is known. */
  until?: number | undefined
  /** Class of the last failure behind the state. */
  cause?: string | undefined
}

/** The state of one key: its worst over the protocols it serves. */
export function keyState(channel: ChannelSummary, keyId: string, now: number): State {
  const key = channel.keys.find((candidate) => candidate.id === keyId)
  if (key?.status === 'paused') return { name: 'paused' }
  const states = channel.health
    .filter((health) => health.keyId === keyId)
    .map((health) => stateOf(health, now))
  return worst(states)
}

/** The state of a channel: that of its best key, or `partial` when some of it does not work. */
export function channelState(channel: ChannelSummary, now: number): State {
  if (channel.status === 'paused') return { name: 'paused' }
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
  return channel.health.reduce((sum, health) => sum + health.inFlight, 0)
}

function stateOf(health: KeyHealth, now: number): State {
  const cause = health.lastFailure ?? undefined
  const cooling = health.cooldownUntil ?? 0
  if (health.breaker === 'open') return { name: 'open', until: health.openUntil ?? undefined, cause }
  if (cooling > now) return { name: 'cooling', until: cooling, cause }
  if (health.breaker === 'half_open') return { name: 'halfOpen', cause }
  return { name: 'active' }
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
