import type { Class } from '../../api/types'

export const protocols = {
  messages: 'Claude Messages',
  chat: 'OpenAI Chat',
  responses: 'OpenAI Responses',
  gemini: 'Gemini',
  images: 'OpenAI Images',
  embeddings: 'OpenAI Embeddings',
}

/** By class of outcome. */
export const failures = {
  auth: 'key refused',
  quota: 'quota used up',
  rate: 'rate limited',
  overload: 'upstream overloaded',
  model_unavailable: 'model not served',
  transport: 'not reachable',
  server_error: 'upstream error',
  bad_answer: 'unusable answer',
} as Readonly<Partial<Record<Class, string>>>
