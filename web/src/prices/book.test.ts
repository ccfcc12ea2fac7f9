import { describe, expect, it } from 'vitest'
import { rowsOf, withoutPrice, withPrice } from './book'

const price = (model: string, input = 1, over = 0) => ({ model, input, over })
const use = (model: string, requests = 1, unpriced = 0) => ({ model, requests, unpriced })
const names = (rows: { model: string }[]) => rows.map(({ model }) => model)

describe('the book of prices', () => {
  it('begins with what is in use and has no price', () => {
    const rows = rowsOf([], [price('a'), price('b')], [use('b'), use('unheard-of', 2, 2)])
    expect(names(rows)).toEqual(['unheard-of', 'b', 'a'])
    expect(rows[0]).toMatchObject({ price: undefined, requests: 2, unpriced: 2 })
  })

  it.each([
    ['by name', 'gpt-6-sol', 'gpt-6-sol'],
    ['as a dated snapshot', 'gpt-6-sol-2026-10-01', 'gpt-6-sol'],
    ['as a dated snapshot without dashes', 'claude-opus-5-20261001', 'claude-opus-5'],
    ['behind a vendor', 'openrouter/gpt-6-sol', 'gpt-6-sol'],
    ['by the pattern with the most letters', 'local-llama-9', 'local-llama-*'],
    ['by a pattern', 'local-qwen', 'local-*'],
    ['by an own pattern before a built-in name', 'house-model', 'house-*'],
  ])('finds the price of a model %s', (_, model, expected) => {
    const own = [price('local-*'), price('local-llama-*'), price('house-*')]
    const builtIn = [price('gpt-6-sol'), price('claude-opus-5'), price('house-model')]
    const [first] = rowsOf(own, builtIn, [use(model, 7)])
    expect(first).toMatchObject({ model: expected, requests: 7 })
  })

  it('does not read the point of a name as any letter', () => {
    const [first] = rowsOf([price('gpt-6.1-*')], [], [use('gpt-6x1-sol')])
    expect(first?.price).toBeUndefined()
  })

  it('marks a built-in price that an own one replaces', () => {
    const rows = rowsOf([price('a', 2)], [price('a')], [use('a')])
    expect(rows).toMatchObject([
      { own: true, replaced: false, requests: 1 },
      { own: false, replaced: true, requests: 0 },
    ])
  })

  it('counts a use for each length of prompt', () => {
    const rows = rowsOf([], [price('a'), price('a', 2, 272_000)], [use('a', 3)])
    expect(rows.map(({ requests, price }) => [requests, price?.over])).toEqual([
      [3, 0],
      [3, 272_000],
    ])
  })

  it('replaces and removes by model and length', () => {
    const prices = [price('a'), price('a', 2, 100)]
    expect(withPrice(prices, price('a', 9, 100))).toEqual([price('a'), price('a', 9, 100)])
    expect(withPrice(prices, price('b'))).toHaveLength(3)
    expect(withoutPrice(prices, price('a'))).toEqual([price('a', 2, 100)])
  })
})
