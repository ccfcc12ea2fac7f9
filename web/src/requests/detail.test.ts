import { describe, expect, it } from 'vitest'
import type { Attempt, RequestDetail } from '../api/types'
import { curlOf } from './curl'
import { lossesOf } from './loss'
import { barsOf } from './waterfall'

function attempt(change: Partial<Attempt>): Attempt {
  return {
    at: 0,
    channel: 'ch_1',
    key: 'k_1',
    endpoint: 'https://example.com',
    protocol: 'chat',
    model: 'gpt-4o',
    rule: 'priority',
    class: 'success',
    durationMs: 100,
    considered: [],
    ...change,
  }
}

describe('waterfall', () => {
  it('puts attempts where they were in the life of the request', () => {
    const request = {
      at: 1000,
      queuedMs: 20,
      attempts: [
        attempt({ at: 1020, firstByteMs: 5, durationMs: 5 }),
        attempt({ at: 1030, firstByteMs: 40, firstContentMs: 60, durationMs: 100 }),
      ],
    } as RequestDetail
    expect(barsOf(request)).toEqual([
      { attempt: undefined, parts: [{ phase: 'queue', from: 0, to: 20 }] },
      { attempt: 0, parts: [{ phase: 'connect', from: 20, to: 25 }] },
      {
        attempt: 1,
        parts: [
          { phase: 'connect', from: 30, to: 70 },
          { phase: 'wait', from: 70, to: 90 },
          { phase: 'receive', from: 90, to: 130 },
        ],
      },
    ])
  })

  it('shows an attempt without an answer as waiting for one', () => {
    const request = {
      at: 0,
      queuedMs: 0,
      attempts: [attempt({ durationMs: 30 })],
    } as unknown as RequestDetail
    expect(barsOf(request)).toEqual([{ attempt: 0, parts: [{ phase: 'connect', from: 0, to: 30 }] }])
  })
})

describe('curl', () => {
  it('asks for the same model over the same protocol', () => {
    expect(curlOf({ protocol: 'chat', model: "o'model", stream: true }, 'https://gw.example')).toBe(
      [
        "curl 'https://gw.example/v1/chat/completions' \\",
        '  -H "authorization: Bearer $CAUSEWAY_KEY" \\',
        "  -H 'content-type: application/json' \\",
        `  -d '{"model":"o'\\''model","messages":[{"role":"user","content":"Say hello."}],"stream":true}'`,
      ].join('\n'),
    )
  })

  it.each([
    ['messages', '/v1/messages'],
    ['responses', '/v1/responses'],
    ['gemini', '/v1beta/models/m:streamGenerateContent?alt=sse'],
    ['embeddings', '/v1/embeddings'],
    ['images', '/v1/images/generations'],
  ])('knows the path of %s', (protocol, path) => {
    expect(curlOf({ protocol, model: 'm', stream: true }, '')).toContain(`curl '${path}'`)
  })
})

describe('losses', () => {
  it('are read from a record, also one that was cut short', () => {
    expect(lossesOf('top_k=dropped, thinking.budget=approximated, ext.a=dro')).toEqual([
      { feature: 'top_k', how: 'dropped' },
      { feature: 'thinking.budget', how: 'approximated' },
      { feature: 'ext.a', how: undefined },
    ])
    expect(lossesOf('')).toEqual([])
  })
})
