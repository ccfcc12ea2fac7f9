import { describe, expect, it } from 'vitest'
import type { Settings } from '../api/types'
import { different, settingsOf, textsOf, unreadable } from './fields'

const SETTINGS: Settings = {
  timeouts: { connectTimeoutMs: 1_500, totalTimeoutMs: 300_000 },
  maxAttempts: 3,
  maxWaitMs: 0,
  breaker: { failureRate: 0.7 },
}

describe('the settings in a form', () => {
  it('are read in the units of people', () => {
    expect(textsOf(SETTINGS)).toMatchObject({
      'timeouts.connectTimeoutMs': '1.5',
      'timeouts.totalTimeoutMs': '300',
      'timeouts.idleTimeoutMs': '',
      maxAttempts: '3',
      maxWaitMs: '0',
      'breaker.failureRate': '70',
      'breaker.window': '',
    })
  })

  it('come back as they went in', () => {
    expect(settingsOf(textsOf(SETTINGS))).toEqual(SETTINGS)
    expect(settingsOf(textsOf({}))).toEqual({})
  })

  it.each([
    ['breaker.failureRate', '7o'],
    ['maxAttempts', '2.5'],
    ['timeouts.idleTimeoutMs', '-1'],
    ['timeouts.idleTimeoutMs', '1e3'],
  ] as const)('cannot read %s: %s', (name, written) => {
    expect(unreadable({ ...textsOf({}), [name]: written })).toEqual([name])
  })

  it('differ by value, not by spelling', () => {
    const before = textsOf(SETTINGS)
    expect(different(before, { ...before, maxAttempts: ' 3 ', 'breaker.failureRate': '70.0' })).toEqual([])
    expect(different(before, { ...before, 'breaker.window': 'soon' })).toEqual(['breaker.window'])
    expect(different(before, { ...before, maxAttempts: '', maxWaitMs: '1' })).toEqual([
      'maxAttempts',
      'maxWaitMs',
    ])
  })
})
