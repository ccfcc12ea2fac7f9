import { describe, expect, it } from 'vitest'
import type { ChannelSummary, KeyHealth } from '../api/types'
import { channelState, keyState, serves, usableKeys } from './health'

const NOW = 1_000_000

const health = (keyId: string, detail: Partial<KeyHealth> = {}) =>
  ({
    keyId,
    protocol: 'chat',
    breaker: 'closed',
    consecutiveFailures: 0,
    inFlight: 0,
    ...detail,
  }) as KeyHealth

const channel = (keys: string[], healths: KeyHealth[], status = 'active') =>
  ({
    status,
    keys: keys.map((id) => ({ id, masked: '…', status: id.startsWith('paused') ? 'paused' : 'active' })),
    health: healths,
  }) as unknown as ChannelSummary

describe('channelState', () => {
  it.each([
    ['no key', channel([], []), 'noKey'],
    ['only paused keys', channel(['paused'], []), 'noKey'],
    [
      'a channel paused by its operator',
      channel(['a'], [health('a', { breaker: 'open' })], 'paused'),
      'paused',
    ],
    ['no health yet', channel(['a'], []), 'active'],
    ['a tripped key', channel(['a'], [health('a', { breaker: 'open' })]), 'open'],
    ['a probed key', channel(['a'], [health('a', { breaker: 'half_open' })]), 'halfOpen'],
    ['a cooling key', channel(['a'], [health('a', { cooldownUntil: NOW + 1 })]), 'cooling'],
    ['a cooldown that is over', channel(['a'], [health('a', { cooldownUntil: NOW })]), 'active'],
    ['one good key beside a tripped one', channel(['a', 'b'], [health('a', { breaker: 'open' })]), 'partial'],
    [
      'a tripped key beside a paused one',
      channel(['a', 'paused'], [health('a', { breaker: 'open' })]),
      'open',
    ],
    [
      'the better of two bad keys',
      channel(['a', 'b'], [health('a', { breaker: 'open' }), health('b', { cooldownUntil: NOW + 1 })]),
      'cooling',
    ],
  ])('reads %s', (_, subject, name) => {
    expect(channelState(subject, NOW).name).toBe(name)
  })

  it('tells when the earliest key is tried again', () => {
    const subject = channel(
      ['a', 'b'],
      [
        health('a', { breaker: 'open', openUntil: NOW + 9 }),
        health('b', { breaker: 'open', openUntil: NOW + 5 }),
      ],
    )
    expect(channelState(subject, NOW)).toMatchObject({ name: 'open', until: NOW + 5 })
  })
})

describe('keyState', () => {
  it('takes the worst of the protocols a key serves', () => {
    const subject = channel(['a'], [health('a'), health('a', { protocol: 'messages', breaker: 'open' })])
    expect(keyState(subject, 'a', NOW).name).toBe('open')
  })
})

describe('usableKeys', () => {
  it('counts neither paused nor tripped keys', () => {
    const subject = channel(['a', 'b', 'paused'], [health('b', { breaker: 'open' })])
    expect(usableKeys(subject, NOW)).toBe(1)
    expect(serves({ name: 'cooling' })).toBe(false)
  })
})
