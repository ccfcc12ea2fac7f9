import { describe, expect, it } from 'vitest'
import { indented } from './indented'
import { orderOf, wrong, type OrderTexts } from './order'

const NOTHING: OrderTexts = { requests: '', minutes: '', channel: '', clientKey: '', model: '' }

describe('an order', () => {
  it.each([
    [{ requests: '20', minutes: '10' }, []],
    [{ requests: '500' }, []],
    [{ minutes: ' 240 ' }, []],
    [{}, ['requests', 'minutes']],
    [{ requests: '501' }, ['requests']],
    [{ requests: '0', minutes: '241' }, ['requests', 'minutes']],
    [{ requests: '1.5' }, ['requests']],
    [{ requests: '20', minutes: 'soon' }, ['minutes']],
  ] as const)('of %j is wrong in %j', (texts, limits) => {
    expect(wrong({ ...NOTHING, ...texts })).toEqual(limits)
  })

  it('leaves out what was left empty', () => {
    expect(orderOf({ ...NOTHING, requests: '20', model: ' gpt-4o ' })).toEqual({
      requests: 20,
      minutes: undefined,
      filter: { model: 'gpt-4o' },
    })
  })
})

describe('a body', () => {
  it.each([
    ['data: {"a":1}\n\n', 'data: {"a":1}\n\n'],
    ['<html>', '<html>'],
    ['{}', '{}'],
    ['[ ]', '[]'],
    [
      '{"a":1.0,"b":[12345678901234567890,true]}',
      '{\n  "a": 1.0,\n  "b": [\n    12345678901234567890,\n    true\n  ]\n}',
    ],
    ['{"a":"{\\"b\\": [1, 2]}, :"}', '{\n  "a": "{\\"b\\": [1, 2]}, :"\n}'],
    ['{"a": "cut here', '{\n  "a": "cut here'],
    ['{"a": "b" }', '{\n  "a": "b"\n}'],
  ])('%j is shown as %j', (text, shown) => {
    expect(indented(text)).toBe(shown)
  })
})
