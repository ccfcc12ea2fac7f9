// A finished request for tests, with what matters to one changed.

import type { RequestSummary } from '../api/types'

export function request(change: Partial<RequestSummary>): RequestSummary {
  return {
    id: 'req_1',
    at: 0,
    clientKey: 'ck_1',
    protocol: 'chat',
    model: 'gpt-4o',
    stream: false,
    status: 200,
    class: 'success',
    attemptCount: 1,
    durationMs: 1234,
    usage: { estimated: false },
    requestBytes: 1000,
    responseBytes: 500,
    captured: false,
    ...change,
  }
}
