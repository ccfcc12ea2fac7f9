import { describe, expect, it } from 'vitest'
import { cell } from './cells'
import { COLUMNS, columnsOf, FIXED } from './columns'
import {
  canGoOn,
  carriedOver,
  choicesOf,
  exportAddress,
  feedFilter,
  filterCount,
  fits,
  requestQuery,
} from './filters'
import { outcomeOf } from './outcome'
import { request } from './sample'

const names = { channel: () => 'openai', clientKey: () => 'team', protocol: () => 'OpenAI Chat' }

describe('outcome', () => {
  it.each([
    [200, 'success', 'served'],
    [200, 'transport', 'cut'],
    [499, 'client_gone', 'left'],
    [200, 'client_gone', 'left'],
    [429, 'rate', 'failed'],
    [403, 'refused', 'failed'],
  ])('of status %d and class %s is %s', (status, kind, name) => {
    expect(outcomeOf(request({ status, class: kind })).name).toBe(name)
  })
})

describe('filters', () => {
  it('ask the API with the same words', () => {
    const query = { model: 'gpt-4o', status: 'failed', columns: 'x', cursor: 'y', q: '' }
    expect(requestQuery(query, 100_000_000)).toEqual({ since: 13_600_000, model: 'gpt-4o', status: 'failed' })
    expect(filterCount(query)).toBe(2)
  })

  it('end where a custom range ends', () => {
    expect(requestQuery({ since: '10', until: '20' }, 100)).toEqual({ since: 10, until: 20 })
  })

  it('carry over to sessions where these have them too', () => {
    const query = { range: '7d', clientKey: 'ck_1', model: 'gpt-4o', cursor: 'y', since: '' }
    expect(carriedOver(query)).toEqual({ range: '7d', clientKey: 'ck_1' })
  })

  it('offer what was chosen, be it gone', () => {
    const team = { value: 'ck_1', label: 'team' }
    const keys = [{ id: 'ck_1', name: 'team' }]
    expect(choicesOf(keys, undefined)).toEqual([team])
    expect(choicesOf(keys, 'ck_1')).toEqual([team])
    expect(choicesOf(keys, 'ck_2')).toEqual([team, { value: 'ck_2', label: 'ck_2' }])
  })

  it('carry over to the export', () => {
    expect(exportAddress('csv', { since: '10', until: '20', q: 'a b' }, 0)).toBe(
      '/api/requests/export.csv?since=10&until=20&q=a+b',
    )
  })
})

describe('the live feed', () => {
  it('is asked for everything but the search', () => {
    expect(feedFilter({ q: 'gpt', model: 'gpt-4o', status: '', live: 'on' })).toEqual({ model: 'gpt-4o' })
  })

  it.each([
    [{}, true],
    [{ range: '7d' }, true],
    [{ cursor: 'c' }, false],
    [{ since: '10', until: '20' }, false],
  ])('can go on at %j: %s', (query, can) => {
    expect(canGoOn(query)).toBe(can)
  })

  it.each([
    [undefined, {}, true],
    ['GPT', {}, true],
    ['claude', {}, false],
    ['claude', { upstreamModel: 'Claude-3' }, true],
    ['time', { error: 'Timed out' }, true],
    ['req_1', {}, true],
    ['req_', {}, false],
  ])('is searched for %s in %j: %s', (search, change, found) => {
    expect(fits(request(change), search)).toBe(found)
  })
})

describe('columns', () => {
  it('keep their order and the fixed ones, whatever was stored', () => {
    expect(columnsOf('cost,nothing,session')).toEqual([...FIXED, 'cost', 'session'])
    expect(columnsOf(null)).toContain('channel')
    expect(columnsOf('')).toEqual(FIXED)
    expect(columnsOf(COLUMNS.join(','))).toEqual(COLUMNS)
  })
})

describe('cells', () => {
  it.each([
    ['duration', {}, '1.2 sec'],
    ['firstContent', {}, '–'],
    ['channel', { channel: 'ch_1' }, 'openai'],
    ['channel', {}, '–'],
    ['tokens', {}, '–'],
    [
      'tokens',
      { usage: { input: 1500, cacheRead: 500, output: 10, reasoning: 5, estimated: false } },
      '2K → 15',
    ],
    ['tokens', { usage: { input: 7, estimated: true } }, '≈ 7 → 0'],
    ['cost', { cost: 1234 }, '$0.001234'],
    ['cost', {}, '–'],
    ['size', {}, '1.5 kB'],
    ['session', { session: '0123456789abcdef' }, '01234567'],
  ] as const)('show %s of %j as %s', (column, change, text) => {
    expect(cell(request(change), column, names, 0, 'en')).toBe(text)
  })
})
