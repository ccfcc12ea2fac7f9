// Claude's Messages API: https://platform.claude.com/docs/en/api/messages

import type { Piece, Reading, Usage } from '../answer'
import type { TalkDialect } from '../dialect'
import { known, list, number, object, text } from '../json'
import { THINKING_TOKENS, TOOL } from '../tool'

export const messages: TalkDialect = {
  request: ({ model, system, turns, stream, thinking, tool, maxTokens }) => ({
    path: '/v1/messages',
    body: {
      model,
      // It includes the thinking.
      max_tokens: thinking ? maxTokens + THINKING_TOKENS : maxTokens,
      ...(system && { system }),
      messages: turns.map(({ role, text }) => ({ role, content: text })),
      ...(thinking && { thinking: { type: 'enabled', budget_tokens: THINKING_TOKENS } }),
      ...(tool && {
        tools: [{ name: TOOL.name, description: TOOL.description, input_schema: TOOL.parameters }],
      }),
      stream,
    },
  }),

  event(data) {
    const event = object(data)
    const key = String(event['index'])
    switch (event['type']) {
      case 'message_start':
        return { usage: usageOf(object(event['message'])['usage']) }
      case 'content_block_start':
        return { pieces: begun(object(event['content_block']), key) }
      case 'content_block_delta':
        return { pieces: delta(object(event['delta']), key) }
      case 'message_delta':
        return { ...finishOf(object(event['delta'])), usage: usageOf(event['usage']) }
      case 'error':
        return { error: text(object(event['error'])['message']) }
      default:
        return {}
    }
  },

  whole(data) {
    const body = object(data)
    const pieces = list(body['content']).flatMap((block, index) => {
      const arguments_ = block['type'] === 'tool_use' ? JSON.stringify(block['input']) : ''
      return begun(block, String(index)).map((piece) => ({ ...piece, text: piece.text + arguments_ }))
    })
    return { pieces, usage: usageOf(body['usage']), ...finishOf(body) }
  },
}

function begun(block: Readonly<Record<string, unknown>>, key: string): Piece[] {
  switch (block['type']) {
    case 'text':
      return [{ kind: 'text', key, text: text(block['text']) }]
    case 'thinking':
      return [{ kind: 'thinking', key, text: text(block['thinking']) }]
    case 'tool_use':
    case 'server_tool_use':
      return [{ kind: 'tool', key, text: '', name: text(block['name']) }]
    default:
      return []
  }
}

function delta(change: Readonly<Record<string, unknown>>, key: string): Piece[] {
  switch (change['type']) {
    case 'text_delta':
      return [{ kind: 'text', key, text: text(change['text']) }]
    case 'thinking_delta':
      return [{ kind: 'thinking', key, text: text(change['thinking']) }]
    case 'input_json_delta':
      return [{ kind: 'tool', key, text: text(change['partial_json']) }]
    default:
      return []
  }
}

function finishOf(holder: Readonly<Record<string, unknown>>): Reading {
  const finish = text(holder['stop_reason'])
  return finish ? { finish } : {}
}

function usageOf(value: unknown): Usage {
  const usage = object(value)
  const details = object(usage['output_tokens_details'])
  return known({
    input: number(usage['input_tokens']),
    cacheRead: number(usage['cache_read_input_tokens']),
    output: number(usage['output_tokens']),
    reasoning: number(details['thinking_tokens']),
  })
}
