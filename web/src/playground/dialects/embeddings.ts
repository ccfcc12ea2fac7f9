// OpenAI's Embeddings API: https://platform.openai.com/docs/api-reference/embeddings/create

import type { Dialect } from '../dialect'
import { known, list, number, object } from '../json'

export const embeddings: Dialect = {
  request: ({ model, turns }) => ({
    path: '/v1/embeddings',
    body: { model, input: turns.at(-1)?.text ?? '' },
  }),

  whole(body) {
    const answer = object(body)
    return {
      pieces: list(answer['data']).map(({ embedding }, index) => ({
        kind: 'vector',
        key: String(index),
        text: Array.isArray(embedding) ? embedding.join(', ') : '',
      })),
      usage: known({ input: number(object(answer['usage'])['prompt_tokens']) }),
    }
  },
}
