import { describe, expect, it } from 'vitest'
import { asProblem, problemFrom, UNEXPECTED, UNREACHABLE } from './problem'

describe('problemFrom', () => {
  it('keeps code, fields, wait and current state', () => {
    const response = new Response(null, { status: 409, headers: { 'retry-after': '42' } })
    const problem = problemFrom(response, {
      error: { code: 'conflict', message: 'changed', fields: { name: 'taken' } },
      current: { id: 'ch_1' },
    })
    expect(problem).toMatchObject({
      status: 409,
      code: 'conflict',
      fields: { name: 'taken' },
      retryAfter: 42,
      current: { id: 'ch_1' },
      isConflict: true,
    })
  })

  it.each([undefined, null, '<html>', [], { error: 'text' }, { error: null }])(
    'turns a body that is not an error (%j) into an unexpected one',
    (body) => {
      expect(problemFrom(new Response(null, { status: 502 }), body)).toMatchObject({
        status: 502,
        code: UNEXPECTED,
        retryAfter: undefined,
      })
    },
  )

  it('reads a network failure as unreachable', () => {
    expect(asProblem(new TypeError('Failed to fetch'))).toMatchObject({ status: 0, code: UNREACHABLE })
  })
})
