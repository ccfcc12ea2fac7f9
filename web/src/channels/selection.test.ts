import { describe, expect, it } from 'vitest'
import { toggled } from './selection'

const ORDER = ['a', 'b', 'c', 'd', 'e']

describe('toggled', () => {
  it.each([
    ['one more', ['a'], 'c', undefined, ['a', 'c']],
    ['one less', ['a', 'c'], 'c', undefined, ['a']],
    ['all down to it', ['b'], 'd', 'b', ['b', 'c', 'd']],
    ['all up to it', ['d'], 'b', 'd', ['b', 'c', 'd']],
    ['none of those between', ['a', 'b', 'c', 'd'], 'b', 'd', ['a']],
    ['one alone when the other is gone', [], 'c', 'x', ['c']],
    ['nothing that is not there', ['x'], 'a', undefined, ['a']],
  ])('chooses %s', (_, chosen, id, anchor, expected) => {
    expect(toggled(ORDER, chosen, id, anchor)).toEqual(expected)
  })
})
