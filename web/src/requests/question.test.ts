import { describe, expect, it } from 'vitest'
import { questionOf } from './question'

const NEEDS = { inputTokens: 0, outputTokens: 0, vision: false, tools: false }

describe('a question about a route', () => {
  it('needs a model', () => {
    expect(questionOf({ protocol: 'chat' })).toBeUndefined()
  })

  it.each([
    [{ model: 'm' }, { protocol: 'chat', model: 'm', stream: false, needs: NEEDS }],
    [
      { model: 'm', protocol: 'gemini', pin: 'a', prefix: 'b', clientKey: 'ck_1' },
      {
        protocol: 'gemini',
        model: 'm',
        stream: false,
        pin: 'a',
        prefix: 'b',
        clientKey: 'ck_1',
        needs: NEEDS,
      },
    ],
    [
      { model: 'm', protocol: 'telegraph', input: '9000', output: '-1', vision: 'yes' },
      { protocol: 'chat', model: 'm', stream: false, needs: { ...NEEDS, inputTokens: 9000, vision: true } },
    ],
  ])('reads %j', (query, question) => {
    expect(questionOf(query as unknown as Record<string, string>)).toEqual(question)
  })
})
