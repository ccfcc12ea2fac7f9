import { describe, expect, it } from 'vitest'
import type { ClientKey } from '../api/types'
import { changes, check, creation, draftOf, emptyDraft, isSame, localTime, merged } from './draft'

const SAY = { wholeNumber: 'whole', money: 'money', date: 'date' }

const KEY: ClientKey = {
  id: 'ck_1',
  name: 'team',
  status: 'active',
  expiresAt: Date.UTC(2027, 0, 1, 9, 30),
  models: ['claude-*', '!claude-3'],
  channels: ['ch_1'],
  limits: { requestsPerMinute: 60 },
  budgets: [{ period: 'month', costMicros: 12_500_000 }],
  environment: false,
  spent: [],
  version: 'v',
}

describe('the draft of a client key', () => {
  it('comes back as it went in', () => {
    const draft = draftOf(KEY)
    expect(draft.budgets).toEqual([{ period: 'month', tokens: '', money: '12.5' }])
    expect(creation(draft)).toEqual({
      name: 'team',
      expiresAt: KEY.expiresAt,
      models: ['claude-*', '!claude-3'],
      channels: ['ch_1'],
      limits: { requestsPerMinute: 60, tokensPerMinute: null, concurrency: null },
      budgets: [{ period: 'month', tokens: null, costMicros: 12_500_000 }],
    })
    expect(isSame(draft, draftOf(KEY))).toBe(true)
  })

  it('sends only what was changed', () => {
    const before = draftOf(KEY)
    expect(changes(before, { ...before, expires: '' })).toEqual({ expiresAt: null })
    expect(changes(before, { ...before, name: ' team ' })).toEqual({})
  })

  it('sends a secret of ones own, and none where the field is empty', () => {
    expect(creation({ ...emptyDraft(), name: 'a' })).not.toHaveProperty('key')
    expect(creation({ ...emptyDraft(), name: 'a', secret: ' sk-own ' })).toHaveProperty('key', 'sk-own')
  })

  it.each([
    ['a word in a limit', { requestsPerMinute: 'many' }, { 'limits.requestsPerMinute': 'whole' }],
    ['a negative limit', { concurrency: '-1' }, { 'limits.concurrency': 'whole' }],
    [
      'money with a comma',
      { budgets: [{ period: 'day', tokens: '', money: '1,5' }] },
      { 'budgets[0].costMicros': 'money' },
    ],
    [
      'half a token',
      { budgets: [{ period: 'day', tokens: '.5', money: '' }] },
      { 'budgets[0].tokens': 'whole' },
    ],
    ['nothing', {}, {}],
  ] as const)('complains about %s', (_, change, errors) => {
    expect(check({ ...emptyDraft(), ...change } as never, SAY)).toEqual(errors)
  })

  it('keeps mine on top of theirs, field by field', () => {
    const before = draftOf(KEY)
    const theirs = draftOf({ ...KEY, name: 'renamed', limits: { concurrency: 2 } })
    const result = merged(before, { ...before, models: 'gpt-*' }, theirs)
    expect(result).toMatchObject({
      name: 'renamed',
      concurrency: '2',
      models: 'gpt-*',
      requestsPerMinute: '',
    })
  })

  it('writes a moment to the minute, in the zone of the browser', () => {
    const at = new Date(2026, 0, 5, 7, 8).getTime()
    expect(localTime(at)).toBe('2026-01-05T07:08')
  })
})
