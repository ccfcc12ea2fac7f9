// OpenAI's Images API: https://platform.openai.com/docs/api-reference/images/create

import type { Piece } from '../answer'
import type { Dialect } from '../dialect'
import { known, list, number, object, text } from '../json'

export const images: Dialect = {
  request: ({ model, turns }) => ({
    path: '/v1/images/generations',
    body: { model, prompt: turns.at(-1)?.text ?? '' },
  }),

  whole(body) {
    const answer = object(body)
    const usage = object(answer['usage'])
    const format = text(answer['output_format']) || 'png'
    return {
      pieces: list(answer['data']).map((image, index): Piece => {
        const bytes = text(image['b64_json'])
        const source = bytes ? `data:image/${format};base64,${bytes}` : text(image['url'])
        return { kind: 'image', key: String(index), text: source }
      }),
      usage: known({ input: number(usage['input_tokens']), output: number(usage['output_tokens']) }),
    }
  },
}
