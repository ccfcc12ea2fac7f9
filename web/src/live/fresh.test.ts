import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveMessage } from '../api/types'
import { keepFresh, type News } from './fresh'

const feed = vi.hoisted(() => ({
  live: true,
  hear: undefined as ((message: LiveMessage) => void) | undefined,
  watch(hear: (message: LiveMessage) => void) {
    feed.hear = hear
    return () => (feed.hear = undefined)
  },
}))
const session = vi.hoisted(() => ({ state: 'in' }))

vi.mock('./feed.svelte', () => ({ feed }))
vi.mock('../session.svelte', () => ({ session }))

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
let looks: number
let seen: boolean
let end: (() => void) | undefined

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  vi.stubGlobal('document', page)
  page.visibilityState = 'visible'
  feed.live = true
  session.state = 'in'
  looks = 0
  seen = true
})

afterEach(() => {
  end?.()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function keep(news?: News, fresh?: boolean) {
  const look = () => {
    looks += 1
    return Promise.resolve(seen)
  }
  end = keepFresh(look, 20_000, news, fresh)
}

const tell = (type: string) => feed.hear?.({ type } as LiveMessage)

function turn(state: 'visible' | 'hidden') {
  page.visibilityState = state
  page.dispatchEvent(new Event('visibilitychange'))
}

describe('what is kept fresh', () => {
  it('is looked at once, and not again while nothing is told', () => {
    keep()
    vi.advanceTimersByTime(100_000)
    expect(looks).toBe(1)
  })

  it('is looked at once for all that was told since', () => {
    keep()
    vi.advanceTimersByTime(10_000)
    for (const type of ['finished', 'underWay', 'config']) tell(type)
    vi.advanceTimersByTime(9_999)
    expect(looks).toBe(1)
    vi.advanceTimersByTime(100_000)
    expect(looks).toBe(2)
  })

  it('is looked at again where it was looked at before the records can have had it', () => {
    keep()
    vi.advanceTimersByTime(19_500)
    tell('finished')
    vi.advanceTimersByTime(500)
    expect(looks).toBe(2)
    vi.advanceTimersByTime(20_000)
    expect(looks).toBe(3)
    vi.advanceTimersByTime(100_000)
    expect(looks).toBe(3)
  })

  it('is looked at at once, later or never, as the news are', () => {
    keep(({ type }) => (type === 'config' ? 'now' : type === 'finished' ? 'later' : 'never'))
    tell('config')
    expect(looks).toBe(2)
    tell('channels')
    vi.advanceTimersByTime(30_000)
    expect(looks).toBe(2)
    tell('finished')
    vi.advanceTimersByTime(10_000)
    expect(looks).toBe(3)
  })

  it('is asked for in turns where nobody tells, unless nobody looks', () => {
    feed.live = false
    keep()
    vi.advanceTimersByTime(60_000)
    expect(looks).toBe(4)
    page.visibilityState = 'hidden'
    vi.advanceTimersByTime(60_000)
    expect(looks).toBe(4)
  })

  it('is looked at when the page comes back, unless it just was', () => {
    keep()
    turn('hidden')
    turn('visible')
    expect(looks).toBe(1)
    turn('hidden')
    vi.advanceTimersByTime(15_000)
    turn('visible')
    expect(looks).toBe(2)
  })

  it('is looked at again after that failed', async () => {
    seen = false
    keep()
    await vi.advanceTimersByTimeAsync(40_000)
    expect(looks).toBe(3)
    seen = true
    await vi.advanceTimersByTimeAsync(100_000)
    expect(looks).toBe(4)
  })

  it('is left alone in an expired session', () => {
    session.state = 'expired'
    keep()
    tell('finished')
    vi.advanceTimersByTime(60_000)
    expect(looks).toBe(0)
  })

  it('is not looked at anew where that was done just now', () => {
    keep(undefined, true)
    expect(looks).toBe(0)
    tell('finished')
    vi.advanceTimersByTime(20_000)
    expect(looks).toBe(1)
  })

  it('ends', () => {
    keep()
    end?.()
    turn('visible')
    expect(feed.hear).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })
})
