import { describe, expect, it } from 'vitest'
import { type Command, found } from './search'

const command = (label: string, kind = 'page', also?: string): Command => ({
  id: label,
  label,
  kind,
  ...(also !== undefined && { also }),
  run: () => {},
})

const ALL = [
  command('Overview'),
  command('Channels'),
  command('Settings: Prices'),
  command('my-openai', 'Channel'),
  command('Theme: Dark', 'Action', 'night'),
]
const labels = (query: string) => found(ALL, query).map(({ label }) => label)

describe('the palette', () => {
  it.each([
    ['', ALL.map(({ label }) => label)],
    ['ov', ['Overview']],
    ['OPEN', ['my-openai']],
    ['price set', ['Settings: Prices']],
    ['night', ['Theme: Dark']],
    ['zzz', []],
    ['set zzz', []],
  ])('finds for %j', (query, expected) => {
    expect(labels(query)).toEqual(expected)
  })

  it('puts the beginning of a label before all else', () => {
    expect(labels('channel')).toEqual(['Channels', 'my-openai'])
  })
})
