// OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses

import type { Piece, Reading, Usage } from '../answer'
import type { TalkDialect } from '../dialect'
import { type Json, known, list, number, object, text } from '../json'
import { TOOL } from '../tool'

export const responses: TalkDialect = {
  request: ({ model, system, turns, stream, thinking, tool, maxTokens }) => ({
    path: '/v1/responses',
    body: {
      model,
      ...(system && { instructions: system }),
      input: turns.map(({ role, text }) => ({ role, content: text })),
      max_output_tokens: maxTokens,
      ...(thinking && { reasoning: { effort: 'medium', summary: 'auto' } }),
      ...(tool && { tools: [{ type: 'function', ...TOOL }] }),
      store: false,
      stream,
    },
  }),

  event(data) {
    const event = object(data)
    const key = String(event['output_index'])
    switch (event['type']) {
      case 'response.output_item.added':
        return { pieces: begun(object(event['item']), key) }
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        return { pieces: [{ kind: 'text', key, text: text(event['delta']) }] }
      case 'response.reasoning_summary_part.added':
        return { pieces: event['summary_index'] === 0 ? [] : [{ kind: 'thinking', key, text: '\n\n' }] }
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return { pieces: [{ kind: 'thinking', key, text: text(event['delta']) }] }
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return { pieces: [{ kind: 'tool', key, text: text(event['delta']) }] }
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        return ended(object(event['response']))
      case 'error':
        return { error: text(event['message']) || text(object(event['error'])['message']) }
      default:
        return {}
    }
  },

  whole(data) {
    const body = object(data)
    const pieces = list(body['output']).flatMap((item, index) => said(item, String(index)))
    return { pieces, ...ended(body) }
  },
}

/** A tool call begins with its name; all else comes in deltas. */
function begun(item: Json, key: string): Piece[] {
  const name = text(item['name']) || text(item['type'])
  return /_call$/.test(text(item['type'])) ? [{ kind: 'tool', key, text: '', name }] : []
}

function said(item: Json, key: string): Piece[] {
  const texts = (parts: unknown) => list(parts).map((part) => text(part['text']) || text(part['refusal']))
  switch (item['type']) {
    case 'message':
      return [{ kind: 'text', key, text: texts(item['content']).join('') }]
    case 'reasoning': {
      const thinking = texts(item['summary']).join('\n\n') || texts(item['content']).join('')
      return [{ kind: 'thinking', key, text: thinking }]
    }
    default:
      return begun(item, key).map((piece) => ({
        ...piece,
        text: text(item['arguments']) || text(item['input']),
      }))
  }
}

function ended(response: Json): Reading {
  const why = text(object(response['incomplete_details'])['reason'])
  const finish = why || text(response['status'])
  const failure = object(response['error'])
  return {
    usage: usageOf(response['usage']),
    ...(finish && { finish }),
    ...(failure['message'] !== undefined && { error: text(failure['message']) }),
  }
}

function usageOf(value: unknown): Usage {
  const usage = object(value)
  return known({
    input: number(usage['input_tokens']),
    cacheRead: number(object(usage['input_tokens_details'])['cached_tokens']),
    output: number(usage['output_tokens']),
    reasoning: number(object(usage['output_tokens_details'])['reasoning_tokens']),
  })
}
