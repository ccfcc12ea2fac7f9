// Google's Gemini API: https://ai.google.dev/api/generate-content

import type { Piece, Reading, Usage } from '../answer'
import type { TalkDialect } from '../dialect'
import { known, list, number, object, text } from '../json'
import { TOOL } from '../tool'

export const gemini: TalkDialect = {
  request: ({ model, system, turns, stream, thinking, tool, maxTokens }) => ({
    path: `/v1beta/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: {
      ...(system && { systemInstruction: { parts: [{ text: system }] } }),
      contents: turns.map(({ role, text }) => ({
        role: role === 'user' ? 'user' : 'model',
        parts: [{ text }],
      })),
      generationConfig: {
        maxOutputTokens: maxTokens,
        ...(thinking && { thinkingConfig: { includeThoughts: true } }),
      },
      ...(tool && { tools: [{ functionDeclarations: [TOOL] }] }),
    },
  }),

  event: read,
  whole: read,
}

function read(data: unknown): Reading {
  const body = object(data)
  if (body['error']) return { error: text(object(body['error'])['message']) }
  const [candidate = {}] = list(body['candidates'])
  const finish = text(candidate['finishReason']) || text(object(body['promptFeedback'])['blockReason'])
  return {
    pieces: list(object(candidate['content'])['parts']).flatMap(piece),
    usage: usageOf(body['usageMetadata']),
    ...(finish && { finish }),
  }
}

function piece(part: Readonly<Record<string, unknown>>): Piece[] {
  const call = object(part['functionCall'])
  if (part['functionCall']) {
    // Each call comes whole; two of one name are two.
    const given = JSON.stringify(call['args'] ?? {})
    return [{ kind: 'tool', key: text(call['id']) || given, text: given, name: text(call['name']) }]
  }
  const said = text(part['text'])
  return said === '' ? [] : [{ kind: part['thought'] === true ? 'thinking' : 'text', key: '', text: said }]
}

function usageOf(value: unknown): Usage {
  const usage = object(value)
  return known({
    input: number(usage['promptTokenCount']),
    cacheRead: number(usage['cachedContentTokenCount']),
    output: number(usage['candidatesTokenCount']),
    reasoning: number(usage['thoughtsTokenCount']),
  })
}
