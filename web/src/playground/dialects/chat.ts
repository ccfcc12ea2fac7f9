// OpenAI's Chat Completions API: https://platform.openai.com/docs/api-reference/chat

import type { Piece, Reading, Usage } from '../answer'
import type { TalkDialect } from '../dialect'
import { type Json, known, list, number, object, text } from '../json'
import { TOOL } from '../tool'

export const chat: TalkDialect = {
  request: ({ model, system, turns, stream, thinking, tool, maxTokens }) => ({
    path: '/v1/chat/completions',
    body: {
      model,
      messages: [
        ...(system ? [{ role: 'system', content: system }] : []),
        ...turns.map(({ role, text }) => ({ role, content: text })),
      ],
      max_completion_tokens: maxTokens,
      ...(thinking && { reasoning_effort: 'medium' }),
      ...(tool && { tools: [{ type: 'function', function: TOOL }] }),
      stream,
      ...(stream && { stream_options: { include_usage: true } }),
    },
  }),

  event: (data) => read(data, 'delta'),
  whole: (data) => read(data, 'message'),
}

function read(data: unknown, part: 'delta' | 'message'): Reading {
  const body = object(data)
  if (body['error']) return { error: text(object(body['error'])['message']) }
  const [choice = {}] = list(body['choices'])
  const finish = text(choice['finish_reason'])
  return {
    pieces: pieces(object(choice[part])),
    usage: usageOf(body['usage']),
    ...(finish && { finish }),
  }
}

function pieces(said: Json): Piece[] {
  // The first of the two is DeepSeek's name and spread from there; the second is OpenRouter's.
  const thinking = text(said['reasoning_content']) || text(said['reasoning'])
  const spoken = text(said['content']) || text(said['refusal'])
  return [
    ...(thinking ? [{ kind: 'thinking', key: '', text: thinking } as const] : []),
    ...(spoken ? [{ kind: 'text', key: '', text: spoken } as const] : []),
    ...list(said['tool_calls']).map((call, index): Piece => {
      const { name, arguments: given } = object(call['function'])
      const key = String(call['index'] ?? index)
      return { kind: 'tool', key, text: text(given), ...(text(name) && { name: text(name) }) }
    }),
  ]
}

function usageOf(value: unknown): Usage {
  const usage = object(value)
  const cacheRead = number(object(usage['prompt_tokens_details'])['cached_tokens'])
  return known({
    input: number(usage['prompt_tokens']),
    cacheRead,
    output: number(usage['completion_tokens']),
    reasoning: number(object(usage['completion_tokens_details'])['reasoning_tokens']),
  })
}
