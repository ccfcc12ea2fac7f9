import { describe, expect, it } from 'vitest'
import type { ChannelSummary, Overview, Sums } from '../api/types'
import { problemsOf } from './problems'

const NOW = 1000

function channel(name: string, change: Partial<ChannelSummary> = {}): ChannelSummary {
  const keys = [{ id: 'k_1', masked: '…', status: 'active' as const }]
  const rest = { priority: 1, weight: 1, endpoints: [], accepts: [], keys, version: 'v' }
  return { id: `ch_${name}`, name, status: 'active', ...rest, ...change }
}

function overview(day: Partial<Sums>, recording: Partial<Overview['recording']> = {}): Overview {
  const sums = { requests: 0, failed: 0, gone: 0, unpriced: 0, ...day } as Sums
  return { day: sums, recording: { written: 0, dropped: 0, ...recording } } as Overview
}

function kinds(...question: Parameters<typeof problemsOf>): string[] {
  return problemsOf(...question).map((problem) =>
    problem.kind === 'channel' ? problem.channel.name : problem.kind,
  )
}

describe('problems', () => {
  it('are none where all is well', () => {
    expect(kinds(overview({ requests: 100, failed: 2 }), [channel('a')], NOW)).toEqual([])
  })

  it('begin with having no channel', () => {
    expect(kinds(overview({ unpriced: 4 }), [], NOW)).toEqual(['noChannel'])
  })

  it('name what does not serve before what serves in part', () => {
    const halfGood = [...channel('x').keys, { id: 'k_2', masked: '…', status: 'active' as const }]
    const cooling = { id: 'k_2', inFlight: 0, protocols: [], cooldown: { until: NOW + 1, class: 'rate' } }
    const partly = channel('partly', {
      keys: halfGood,
      health: { id: 'ch_partly', breaker: 'closed', inFlight: 0, keys: [cooling] } as unknown as NonNullable<
        ChannelSummary['health']
      >,
    })
    const channels = [partly, channel('paused', { status: 'paused' }), channel('keyless', { keys: [] })]
    expect(kinds(undefined, channels, NOW)).toEqual(['keyless', 'partly'])
  })

  it('say when nothing serves', () => {
    expect(kinds(undefined, [channel('a', { status: 'paused' })], NOW)).toEqual(['noneServes'])
  })

  it.each([
    [{ requests: 30, failed: 6 }, {}, ['failing']],
    [{ requests: 5, failed: 5 }, {}, []],
    [{ requests: 30, failed: 6, gone: 25 }, {}, []],
    [{ unpriced: 3 }, { dropped: 2, problem: 'full' }, ['noRecords', 'dropped', 'unpriced']],
  ])('of a day of %j with %j are %j', (day, recording, expected) => {
    expect(kinds(overview(day, recording), [channel('a')], NOW)).toEqual(expected)
  })
})
