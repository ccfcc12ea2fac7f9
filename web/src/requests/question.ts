// A question about a route, as the page's address spells it.

import type { Protocol, RouteQuestion } from '../api/types'
import type { Query } from '../router'

export const PROTOCOLS: readonly Protocol[] = [
  'messages',
  'chat',
  'responses',
  'gemini',
  'embeddings',
  'images',
]

/** Undefined until a model is named. */
export function questionOf(query: Query): RouteQuestion | undefined {
  const model = query['model']
  if (!model) return undefined
  const protocol = PROTOCOLS.find((name) => name === query['protocol']) ?? 'chat'
  return {
    protocol,
    model,
    stream: false,
    ...(query['clientKey'] && { clientKey: query['clientKey'] }),
    ...(query['pin'] && { pin: query['pin'] }),
    ...(query['prefix'] && { prefix: query['prefix'] }),
    needs: {
      inputTokens: tokens(query['input']),
      outputTokens: tokens(query['output']),
      vision: query['vision'] === 'yes',
      tools: query['tools'] === 'yes',
    },
  }
}

/** A count that the API can take. */
function tokens(text: string | undefined): number {
  const value = Number(text ?? '')
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32 ? value : 0
}
