import type { Class } from '../../api/types'

export const protocols = {
  messages: 'Claude Messages',
  chat: 'OpenAI Chat',
  responses: 'OpenAI Responses',
  gemini: 'Gemini',
  images: 'OpenAI Images',
  embeddings: 'OpenAI Embeddings',
}

/** By class of outcome; what the gateway itself turned away has none. */
export const failures = {
  request_fault: 'bad request',
  context_too_long: 'too long for the model',
  content_policy: 'refused by a policy',
  auth: 'key refused',
  quota: 'quota used up',
  rate: 'rate limited',
  overload: 'upstream overloaded',
  model_unavailable: 'model not served',
  transport: 'not reachable',
  server_error: 'upstream error',
  bad_answer: 'unusable answer',
  client_gone: 'client left',
  unfit: 'not possible there',
  refused: 'turned away',
} as Readonly<Partial<Record<Class | 'refused', string>>>
