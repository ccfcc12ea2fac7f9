// What the address says of the playground.

import type { Query } from '../router'
import { type AskProtocol, PROTOCOLS } from './dialect'

export interface Choices {
  protocol: AskProtocol
  /** Id; empty: the scheduler's choice. */
  channel: string
  model: string
  stream: boolean
  thinking: boolean
  tool: boolean
}

export function choicesOf(query: Query): Choices {
  return {
    protocol: PROTOCOLS.find((protocol) => protocol === query['protocol']) ?? 'messages',
    channel: query['channel'] ?? '',
    model: query['model'] ?? '',
    stream: query['stream'] !== 'off',
    thinking: query['thinking'] === 'on',
    tool: query['tool'] === 'on',
  }
}
