// A request as a shell command. What was said is not recorded: a short question stands in its place.

import type { RequestDetail } from '../api/types'

const HELLO = 'Say hello.'

type Shape = Pick<RequestDetail, 'protocol' | 'model' | 'stream'>

/** A command that asks this gateway for the same model over the same protocol; the key comes from the environment. */
export function curlOf(request: Shape, origin: string): string | undefined {
  const found = requestOf(request)
  if (found === undefined) return undefined
  const lines = [
    `curl ${quoted(origin + found.path)}`,
    `-H "authorization: Bearer $CAUSEWAY_KEY"`,
    `-H 'content-type: application/json'`,
    `-d ${quoted(JSON.stringify(found.body))}`,
  ]
  return lines.join(' \\\n  ')
}

function requestOf({ protocol, model, stream }: Shape): { path: string; body: object } | undefined {
  const messages = [{ role: 'user', content: HELLO }]
  const streamed = stream ? { stream } : {}
  switch (protocol) {
    case 'chat':
      return { path: '/v1/chat/completions', body: { model, messages, ...streamed } }
    case 'messages':
      return { path: '/v1/messages', body: { model, max_tokens: 1024, messages, ...streamed } }
    case 'responses':
      return { path: '/v1/responses', body: { model, input: HELLO, ...streamed } }
    case 'gemini': {
      const action = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
      const body = { contents: [{ role: 'user', parts: [{ text: HELLO }] }] }
      return { path: `/v1beta/models/${encodeURIComponent(model)}:${action}`, body }
    }
    case 'embeddings':
      return { path: '/v1/embeddings', body: { model, input: HELLO } }
    case 'images':
      return { path: '/v1/images/generations', body: { model, prompt: 'A causeway at low tide.' } }
    default:
      return undefined
  }
}

/** One word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
