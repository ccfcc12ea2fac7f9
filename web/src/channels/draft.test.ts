import { describe, expect, it } from 'vitest'
import type { Channel, PastedChannel } from '../api/types'
import {
  changes,
  check,
  creation,
  draftOf,
  draftOfPasted,
  emptyDraft,
  errorAt,
  merged,
  isSame,
  pastedKeys,
  serverErrors,
} from './draft'

const channel = {
  id: 'ch_1',
  name: 'deepseek',
  status: 'active',
  priority: 1,
  weight: 2,
  endpoints: [{ protocol: 'chat', baseUrl: 'https://api.deepseek.com' }],
  keys: [],
  models: ['deepseek-*', '!deepseek-old'],
  modelMap: { 'claude-*': 'deepseek-chat' },
  version: 'v1',
} as unknown as Channel

describe('draft', () => {
  it('changes nothing by being opened', () => {
    expect(changes(draftOf(channel), draftOf(channel))).toEqual({})
    expect(isSame(draftOf(channel), draftOf(channel))).toBe(true)
  })

  it('takes pasted secrets from the text they stand in', () => {
    const text = '密钥：sk-1234 X-Team: blue'
    const pasted: PastedChannel = {
      channel: { name: 'relay', endpoints: [], models: ['a', 'b'], modelMap: { c: 'd' } },
      keys: [{ start: 3, end: 10, masked: '…' }],
      headers: { 'x-team': { start: 19, end: 23, masked: '…' } },
      findings: [],
    }
    const draft = draftOfPasted(pasted, text)
    expect(draft).toMatchObject({ name: 'relay', models: 'a\nb', modelMap: [{ from: 'c', to: 'd' }] })
    expect(draft.endpoints).toEqual(emptyDraft().endpoints)
    expect(creation(draft)).toMatchObject({ keys: [{ key: 'sk-1234' }], headers: { 'x-team': 'blue' } })
  })

  it('sends only what was changed', () => {
    const after = { ...draftOf(channel), name: ' deep ', models: '\n deepseek-* \n\n' }
    expect(changes(draftOf(channel), after)).toEqual({ name: 'deep', models: ['deepseek-*'] })
  })

  it('counts a new key as a change', () => {
    const after = { ...draftOf(channel), keys: [{ key: 'sk-1', name: '' }] }
    expect(isSame(draftOf(channel), after)).toBe(false)
  })

  it('leaves out empty rows of keys and names', () => {
    const draft = {
      ...emptyDraft(),
      keys: [
        { key: ' ', name: 'x' },
        { key: ' sk-1 ', name: ' ' },
      ],
      modelMap: [
        { from: ' ', to: '' },
        { from: 'a', to: 'b' },
      ],
    }
    expect(creation(draft)).toMatchObject({ keys: [{ key: 'sk-1', name: null }], modelMap: { a: 'b' } })
  })

  it.each(['', 'x', '-1', '1.5', '9999999999'])('refuses %j as a priority', (priority) => {
    expect(check({ ...emptyDraft(), priority }, false, 'number!')).toEqual({ priority: 'number!' })
  })

  it('lets only a new channel go without a priority', () => {
    expect(check(emptyDraft(), true, 'number!')).toEqual({})
  })
})

it('leaves the place of a new channel to the server', () => {
  expect(creation(emptyDraft())).toMatchObject({ priority: null, weight: 1 })
})

describe('merged', () => {
  it('keeps what was changed here and takes the rest from them', () => {
    const before = draftOf(channel)
    const mine = { ...before, weight: '7', keys: [{ key: 'sk-1', name: '' }] }
    const theirs = { ...before, weight: '5', priority: '4' }
    expect(merged(before, mine, theirs)).toEqual({ ...theirs, weight: '7', keys: mine.keys })
  })
})

describe('serverErrors', () => {
  it('drops the place in the document and counts blank key rows in', () => {
    const draft = {
      ...emptyDraft(),
      keys: [
        { key: '', name: '' },
        { key: 'bad key', name: '' },
      ],
    }
    expect(serverErrors({ 'channels[3].name': 'taken', 'keys[0].key': 'not legal' }, draft)).toEqual({
      name: 'taken',
      'keys[1].key': 'not legal',
    })
  })
})

describe('errorAt', () => {
  it.each([
    ['endpoints[1]', undefined],
    ['endpoints[0].baseUrl', 'no URL'],
    ['models', 'bad pattern'],
    ['model', undefined],
    ['name', 'taken'],
  ])('finds at %s: %s', (path, message) => {
    const errors = { 'endpoints[0].baseUrl': 'no URL', 'models[2]': 'bad pattern', name: 'taken' }
    expect(errorAt(errors, path)).toBe(message)
  })
})

describe('pastedKeys', () => {
  it('takes several lines apart and leaves one alone', () => {
    expect(pastedKeys('sk-1\nsk-2, sk-3\n')).toEqual(['sk-1', 'sk-2', 'sk-3'])
    expect(pastedKeys('sk-1\n')).toEqual([])
  })
})
