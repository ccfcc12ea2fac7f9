// What the forms know about protocols.

import type { Endpoint, Protocol } from '../api/types'

/** In the order in which a vendor is likely to speak them beside each other. */
const LIKELY: readonly Protocol[] = ['chat', 'messages', 'responses', 'gemini', 'embeddings', 'images']

/** The likeliest protocol that no endpoint has yet. */
export function freeProtocol(endpoints: readonly Endpoint[]): Protocol {
  const taken = new Set(endpoints.map(({ protocol }) => protocol))
  return LIKELY.find((protocol) => !taken.has(protocol)) ?? 'chat'
}
