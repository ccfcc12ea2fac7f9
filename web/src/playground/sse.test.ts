import { describe, expect, it } from 'vitest'
import { EventReader } from './sse'

function events(...texts: string[]): string[] {
  const reader = new EventReader()
  return [...texts.flatMap((text) => reader.push(text)), ...reader.finish()]
}

describe('events', () => {
  const STREAM = 'event: a\r\ndata: one\r\n\r\n: comment\n\ndata:two\ndata: three\n\nid: 4\n\ndata: last'

  it('are read with any line end, several lines of data and no last blank line', () => {
    expect(events(STREAM)).toEqual(['one', 'two\nthree', 'last'])
  })

  it('are the same wherever the text is cut', () => {
    for (let at = 0; at <= STREAM.length; at += 1)
      expect(events(STREAM.slice(0, at), STREAM.slice(at)), `cut at ${at}`).toEqual([
        'one',
        'two\nthree',
        'last',
      ])
    expect(events(...STREAM)).toEqual(['one', 'two\nthree', 'last'])
  })

  it('end a reading that grows without bound', () => {
    expect(() => events(`data: ${'x'.repeat(4_000_001)}`)).toThrow('too long')
  })
})
