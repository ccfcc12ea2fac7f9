// How each protocol asks and answers.

import type { Reading } from './answer'
import { chat } from './dialects/chat'
import { gemini } from './dialects/gemini'
import { messages } from './dialects/messages'
import { responses } from './dialects/responses'

export interface Turn {
  role: 'user' | 'assistant'
  text: string
}

export interface Ask {
  model: string
  system: string
  turns: Turn[]
  stream: boolean
  /** Asks for reasoning, and for it to be shown. */
  thinking: boolean
  /** Offers a tool to call. */
  tool: boolean
  maxTokens: number
}

export interface Dialect {
  request(ask: Ask): { path: string; body: object }
  /** Reads one event of a stream. */
  event(data: unknown): Reading
  /** Reads an answer that came whole. */
  whole(body: unknown): Reading
}

export const PROTOCOLS = ['messages', 'chat', 'responses', 'gemini'] as const
export type TalkProtocol = (typeof PROTOCOLS)[number]

export const DIALECTS: Record<TalkProtocol, Dialect> = { messages, chat, responses, gemini }
