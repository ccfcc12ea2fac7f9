import { describe, expect, it } from 'vitest'
import type { ChannelSummary, KeyHealth, ProtocolHealth } from '../api/types'
import { channelState, keyState, serves, serviceState, usableKeys } from './health'

const NOW = 1_000_000

/** A key with one breaker per given state, and a cooldown where one is given. */
const health = (id: string, breakers: Partial<ProtocolHealth>[], cooldown?: KeyHealth['cooldown']) =>
  ({
    id,
    cooldown,
    protocols: breakers.map((detail) => ({ protocol: 'chat', breaker: 'closed', ...detail })),
  }) as KeyHealth

const open = (id: string, openUntil?: number) =>
  health(id, [{ breaker: 'open', openUntil: openUntil ?? null }])
const cooling = (id: string, until: number) => health(id, [{}], { class: 'rate', until })

/** Until then, and from then on until a request proves it. */
const refused = (id: string, until: number) => ({
  ...health(id, [{ lastFailure: { class: 'auth', at: NOW - 9 } }], { class: 'auth', until }),
  unproven: true,
})

const channel = (keys: string[], healths: KeyHealth[] | undefined, status = 'active') =>
  ({
    status,
    keys: keys.map((id) => ({ id, masked: '…', status: id.startsWith('paused') ? 'paused' : 'active' })),
    health: healths && { id: 'ch_1', breaker: 'closed', inFlight: 0, keys: healths },
  }) as unknown as ChannelSummary

describe('channelState', () => {
  it.each([
    ['no key', channel([], []), 'noKey'],
    ['only paused keys', channel(['paused'], []), 'noKey'],
    ['a channel paused by its operator', channel(['a'], [open('a')], 'paused'), 'paused'],
    ['no health yet', channel(['a'], undefined), 'active'],
    ['a tripped key', channel(['a'], [open('a')]), 'open'],
    ['a probed key', channel(['a'], [health('a', [{ breaker: 'half_open' }])]), 'halfOpen'],
    ['a cooling key', channel(['a'], [cooling('a', NOW + 1)]), 'cooling'],
    ['a cooldown that is over', channel(['a'], [cooling('a', NOW)]), 'active'],
    ['a key that was refused', channel(['a'], [refused('a', NOW + 1)]), 'refused'],
    ['a refused key before its next try', channel(['a'], [refused('a', NOW)]), 'refused'],
    ['one good key beside a tripped one', channel(['a', 'b'], [open('a')]), 'partial'],
    ['a tripped key beside a paused one', channel(['a', 'paused'], [open('a')]), 'open'],
    ['the better of two bad keys', channel(['a', 'b'], [open('a'), cooling('b', NOW + 1)]), 'cooling'],
  ])('reads %s', (_, subject, name) => {
    expect(channelState(subject, NOW).name).toBe(name)
  })

  it('tells when the earliest key is tried again', () => {
    const subject = channel(['a', 'b'], [open('a', NOW + 9), open('b', NOW + 5)])
    expect(channelState(subject, NOW)).toMatchObject({ name: 'open', until: NOW + 5 })
  })
})

describe('serviceState', () => {
  it.each([
    ['no key', channel([], [], 'paused'), 'noKey'],
    ['a tripped key', channel(['a'], [open('a')], 'paused'), 'open'],
    ['a good key', channel(['a'], undefined, 'paused'), 'active'],
  ])('looks behind the pause of a channel with %s', (_, subject, name) => {
    expect(serviceState(subject, NOW).name).toBe(name)
  })
})

describe('keyState', () => {
  it('takes the worst of the protocols a key serves', () => {
    const subject = channel(['a'], [health('a', [{}, { protocol: 'messages', breaker: 'open' }])])
    expect(keyState(subject, 'a', NOW).name).toBe('open')
  })
})

describe('usableKeys', () => {
  it('counts neither paused nor tripped keys', () => {
    const subject = channel(['a', 'b', 'paused'], [open('b')])
    expect(usableKeys(subject, NOW)).toBe(1)
    expect(serves({ name: 'cooling' })).toBe(false)
  })
})
