import { describe, expect, it } from 'vitest'
import { ago, compact, money } from './amounts'

describe('amounts', () => {
  it.each([
    [0, '$0.00'],
    [1_250_000, '$1.25'],
    [99_999, '$0.1'],
    [412, '$0.00041'],
    [-412, '-$0.00041'],
    [1_234_567_890_000, '$1,234,567.89'],
  ])('say %d millionths as money', (micros, text) => {
    expect(money(micros, 'en')).toBe(text)
  })

  it('say large counts in few letters', () => {
    expect(compact(999, 'en')).toBe('999')
    expect(compact(1_234_567, 'en')).toBe('1.2M')
  })

  it.each([
    [0, 'now'],
    [59_999, '59 sec. ago'],
    [60_000, '1 min. ago'],
    [7_300_000, '2 hr. ago'],
    [86_400_000, 'yesterday'],
    [-5_000, 'now'],
  ])('say how long %d ms ago was', (milliseconds, text) => {
    expect(ago(1_000_000_000, 1_000_000_000 + milliseconds, 'en')).toBe(text)
  })
})
