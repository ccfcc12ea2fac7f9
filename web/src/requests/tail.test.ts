import { describe, expect, it } from 'vitest'
import type { LiveMessage, RequestSummary, UnderWay } from '../api/types'
import { fits } from './filters'
import { isUnderWay, MOST, Tail } from './tail'

function finished(at: number): RequestSummary {
  return {
    ...underWay(at),
    status: 200,
    class: 'success',
    durationMs: 1,
    usage: { estimated: false },
    requestBytes: 0,
    responseBytes: 0,
    captured: false,
  }
}

function underWay(at: number): UnderWay {
  return {
    id: `req_${at}`,
    at,
    clientKey: 'ck_1',
    protocol: 'chat',
    model: 'gpt-4o',
    stream: false,
    attemptCount: 1,
  }
}

/** Requests by the moment of their arrival, the newest first. */
const page = (...ats: number[]) => ats.map(finished)
const began = (at: number): LiveMessage => ({ seq: 0, type: 'underWay', request: underWay(at) })
const ended = (at: number): LiveMessage => ({ seq: 0, type: 'finished', request: finished(at) })
const snapshot = (...ats: number[]): LiveMessage => ({
  seq: 0,
  type: 'snapshot',
  at: 0,
  requests: ats.map(underWay),
})

/** `5…` is under way. */
function shown(tail: Tail): string {
  return tail
    .rows()
    .map((row) => `${row.at}${isUnderWay(row) ? '…' : ''}`)
    .join(' ')
}

function tailOf(...messages: LiveMessage[]): Tail {
  const tail = new Tail()
  tail.fill([], false)
  for (const message of messages) tail.hear(message, 0)
  return tail
}

function hear(tail: Tail, ...messages: LiveMessage[]) {
  for (const message of messages) tail.hear(message, 0)
}

describe('a tail', () => {
  it('shows a request where it began, and ends it there', () => {
    const tail = tailOf(snapshot(1), began(2), began(3))
    expect(shown(tail)).toBe('3… 2… 1…')
    hear(tail, ended(2))
    expect(shown(tail)).toBe('3… 2 1…')
  })

  it('joins what was read with what was told, whichever came first', () => {
    const tail = tailOf(snapshot(), ended(5))
    tail.fill(page(5, 4, 3), false)
    hear(tail, ended(6), began(4))
    expect(shown(tail)).toBe('6 5 4 3')
  })

  it('learns from the next reading what became of requests during a gap', () => {
    const tail = tailOf(snapshot(), began(1), began(2))
    hear(tail, snapshot(2))
    expect(shown(tail)).toBe('2… 1…')
    tail.fill(page(3), false)
    expect(shown(tail)).toBe('3 2…')
  })

  it('shows nothing beyond a gap that no reading has filled', () => {
    const tail = tailOf(snapshot(), ended(1), ended(2))
    tail.fill(page(9, 8), true)
    expect(shown(tail)).toBe('9 8')
    hear(tail, ended(10))
    tail.fill(page(11, 10), true)
    expect(shown(tail)).toBe('11 10 9 8')
  })

  it('moves nothing while it is held, and still tells how requests end', () => {
    const tail = tailOf(snapshot(), began(1), ended(2))
    tail.hold()
    hear(tail, ended(3), began(4), ended(1))
    expect(shown(tail)).toBe('2 1')
    expect(tail.waiting()).toBe(2)
    tail.release()
    expect(shown(tail)).toBe('4… 3 2 1')
    expect(tail.waiting()).toBe(0)
  })

  it('is held from its first reading on where it may not move from the beginning', () => {
    const tail = new Tail()
    tail.hold()
    tail.hear(ended(4), 0)
    tail.fill(page(3, 2), false)
    expect(shown(tail)).toBe('4 3 2')
    tail.hear(ended(5), 0)
    expect(shown(tail)).toBe('4 3 2')
    expect(tail.waiting()).toBe(1)
  })

  it('drops a request that has left the filter, even while it is held', () => {
    const tail = tailOf(snapshot(), began(1), ended(2))
    tail.hold()
    hear(tail, { seq: 0, type: 'left', id: 'req_1' })
    expect(shown(tail)).toBe('2')
  })

  it('keeps the newest, and what is held besides', () => {
    const tail = tailOf(snapshot(), ended(1))
    tail.hold()
    for (let at = 2; at < 3 * MOST; at += 1) tail.hear(ended(at), 0)
    expect(shown(tail)).toBe('1')
    expect(tail.waiting()).toBe(MOST)
    tail.release()
    expect(tail.rows()).toHaveLength(MOST)
    expect(tail.has('req_1')).toBe(false)
  })

  it('shows what a search finds', () => {
    const tail = new Tail((row) => fits(row, 'req_2'))
    for (const message of [snapshot(), ended(1), ended(2)]) tail.hear(message, 0)
    expect(shown(tail)).toBe('2')
  })

  it('knows how far the clocks are apart', () => {
    const tail = new Tail()
    tail.hear({ seq: 1, type: 'snapshot', at: 1000, requests: [] }, 1500)
    expect(tail.behind).toBe(500)
  })
})
