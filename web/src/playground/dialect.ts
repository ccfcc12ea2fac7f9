// How each protocol asks and answers.

import type { Reading } from './answer'
import { chat } from './dialects/chat'
import { embeddings } from './dialects/embeddings'
import { gemini } from './dialects/gemini'
import { images } from './dialects/images'
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
  /** Reads an answer that came whole. */
  whole(body: unknown): Reading
}

/** One in which a conversation is held. */
export interface TalkDialect extends Dialect {
  /** Reads one event of a stream. */
  event(data: unknown): Reading
}

export const TALKS = ['messages', 'chat', 'responses', 'gemini'] as const
export type TalkProtocol = (typeof TALKS)[number]

/** The others answer what is asked last, and nothing else. */
export const PROTOCOLS = [...TALKS, 'images', 'embeddings'] as const
export type AskProtocol = (typeof PROTOCOLS)[number]

export const TALK_DIALECTS: Record<TalkProtocol, TalkDialect> = { messages, chat, responses, gemini }
export const DIALECTS: Record<AskProtocol, Dialect> = { ...TALK_DIALECTS, images, embeddings }

export function isTalk(protocol: AskProtocol): protocol is TalkProtocol {
  return protocol in TALK_DIALECTS
}
