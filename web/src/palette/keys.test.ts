import { describe, expect, it } from 'vitest'
import { meaningOf } from './keys'

const press = (key: string, more: object = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  writing: false,
  ...more,
})

describe('a key press', () => {
  it.each([
    ['Ctrl K', press('k', { ctrlKey: true }), false, true, { does: 'palette' }],
    ['⌘ K while writing', press('k', { metaKey: true, writing: true }), false, false, { does: 'palette' }],
    ['Ctrl Alt K', press('k', { ctrlKey: true, altKey: true }), false, true, undefined],
    ['g', press('g'), false, true, { does: 'prefix' }],
    ['g k', press('k'), true, true, { does: 'go', to: { page: 'keys' } }],
    ['g x', press('x'), true, true, undefined],
    ['g constructor', press('constructor'), true, true, undefined],
    ['k alone', press('k'), false, true, undefined],
    ['?', press('?'), false, true, { does: 'sheet' }],
    ['/', press('/'), false, true, { does: 'search' }],
    ['/ while writing', press('/', { writing: true }), false, true, undefined],
    ['? with plain keys off', press('?'), false, false, undefined],
  ])('of %s', (_, pressed, prefixed, plain, meaning) => {
    expect(meaningOf(pressed, prefixed, plain)).toEqual(meaning)
  })
})
