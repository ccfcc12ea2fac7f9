import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Link, type LinkState, type Socket } from './link'

interface Fake extends Socket {
  sent: string[]
  closed: boolean
}

let sockets: Fake[]
let states: LinkState[]
let heard: string[]
let refusals: number
let link: Link

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  vi.spyOn(Math, 'random').mockReturnValue(1)
  sockets = []
  states = []
  heard = []
  refusals = 0
  link = new Link({
    open: () => {
      const socket: Fake = {
        onopen: null,
        onmessage: null,
        onclose: null,
        sent: [],
        closed: false,
        send: (text) => socket.sent.push(text),
        close: () => (socket.closed = true),
      }
      sockets.push(socket)
      return socket
    },
    hear: ({ type }) => heard.push(type),
    turned: (state) => states.push(state),
    refused: () => (refusals += 1),
  })
})

afterEach(() => {
  link.stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function newest(): Fake {
  const socket = sockets.at(-1)
  if (!socket) throw new Error('nothing was opened')
  return socket
}

function tell(type: string) {
  newest().onmessage?.({ data: JSON.stringify({ type }) })
}

function openUp() {
  link.start()
  newest().onopen?.()
  tell('snapshot')
}

const names = () => states.map(({ name }) => name)

describe('a link', () => {
  it('is live once it was told how things are', () => {
    link.start()
    newest().onopen?.()
    expect(names()).toEqual(['opening'])
    tell('snapshot')
    expect(names()).toEqual(['opening', 'live'])
    expect(heard).toEqual(['snapshot'])
  })

  it('is one, however often it is started', () => {
    openUp()
    link.start()
    expect(sockets).toHaveLength(1)
  })

  it('hears of no request before its filter holds', () => {
    link.wish({ channel: 'ch_1' })
    link.start()
    newest().onopen?.()
    expect(newest().sent).toEqual(['{"filter":{"channel":"ch_1"}}'])
    for (const type of ['snapshot', 'config', 'finished', 'snapshot', 'finished']) tell(type)
    expect(heard).toEqual(['config', 'snapshot', 'finished'])
  })

  it('changes its filter in place, and asks for the same one only once', () => {
    openUp()
    link.wish({ model: 'm' })
    link.wish({ model: 'm' })
    tell('finished')
    tell('snapshot')
    expect(newest().sent).toHaveLength(1)
    expect(heard).toEqual(['snapshot', 'snapshot'])
  })

  it('goes on with what it had where a filter is refused', () => {
    openUp()
    link.wish({ status: 'nonsense' })
    tell('refused')
    tell('finished')
    expect(heard).toEqual(['snapshot', 'refused', 'finished'])
  })

  it('takes the snapshot after a lag for what holds now', () => {
    openUp()
    link.wish({ model: 'm' })
    tell('lagged')
    tell('snapshot')
    tell('finished')
    expect(heard).toEqual(['snapshot', 'snapshot', 'finished'])
  })

  it('waits longer after each failure, up to a minute, and starts small again after a success', () => {
    link.start()
    const waits = Array.from({ length: 8 }, () => {
      newest().onclose?.()
      const state = states.at(-1)
      const wait = state?.name === 'waiting' ? state.until - Date.now() : Number.NaN
      vi.advanceTimersByTime(wait)
      return wait / 1000
    })
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
    newest().onopen?.()
    tell('snapshot')
    newest().onclose?.()
    expect(states.at(-1)).toEqual({ name: 'waiting', until: Date.now() + 1000 })
  })

  it('asks why only where the gateway had said nothing', () => {
    openUp()
    newest().onclose?.()
    expect(refusals).toBe(0)
    vi.advanceTimersByTime(1000)
    newest().onclose?.()
    expect(refusals).toBe(1)
  })

  it('says something every half minute, and takes silence for the end', () => {
    openUp()
    vi.advanceTimersByTime(30_000)
    expect(newest().sent).toEqual(['ping'])
    newest().onmessage?.({ data: 'pong' })
    vi.advanceTimersByTime(74_999)
    expect(states.at(-1)?.name).toBe('live')
    vi.advanceTimersByTime(1)
    expect(states.at(-1)?.name).toBe('waiting')
    expect(newest().closed).toBe(true)
  })

  it('gives up an opening that comes to nothing', () => {
    link.start()
    vi.advanceTimersByTime(10_000)
    expect(names()).toEqual(['opening', 'waiting'])
  })

  it('leaves nothing behind when it is stopped', () => {
    openUp()
    link.stop()
    expect(newest().closed).toBe(true)
    expect(states.at(-1)).toEqual({ name: 'off' })
    expect(vi.getTimerCount()).toBe(0)
    link.start()
    newest().onclose?.()
    link.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
