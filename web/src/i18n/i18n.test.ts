import { describe, expect, it } from 'vitest'
import { en } from './en'
import { zhCN } from './zh-CN'

type Leaf = string | ((...values: never[]) => string)

function leaves(node: object, path = ''): Map<string, Leaf> {
  const found = new Map<string, Leaf>()
  for (const [key, value] of Object.entries(node) as [string, Leaf | object][]) {
    const here = path ? `${path}.${key}` : key
    if (typeof value === 'object') for (const [name, leaf] of leaves(value, here)) found.set(name, leaf)
    else found.set(here, value)
  }
  return found
}

describe('dictionaries', () => {
  const english = leaves(en)
  const chinese = leaves(zhCN)

  it('name the same messages', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('take the same number of values for each message', () => {
    for (const [key, leaf] of english) {
      const other = chinese.get(key)
      expect(typeof other, key).toBe(typeof leaf)
      if (typeof leaf === 'function' && typeof other === 'function')
        expect(other.length, key).toBe(leaf.length)
    }
  })

  it('leave no message empty', () => {
    for (const [key, leaf] of [...english, ...chinese])
      if (typeof leaf === 'string') expect(leaf.trim(), key).not.toBe('')
  })

  it('show every value they are given', () => {
    const counts = new Set([
      'channels.lead',
      'channels.keys',
      'requests.filters',
      'overview.sentence',
      'overview.inFlight',
      'capture.headers',
    ])
    for (const dictionary of [english, chinese]) {
      for (const [key, leaf] of dictionary) {
        if (typeof leaf === 'string' || counts.has(key)) continue
        const values = Array.from({ length: leaf.length }, (_, index) => `<${index}>`)
        const text = (leaf as (...values: string[]) => string)(...values)
        for (const value of values) expect(text, key).toContain(value)
      }
    }
  })
})
