// The management API, typed by the server's OpenAPI document. Every failure is thrown as a `Problem`.

import createClient from 'openapi-fetch'
import { asProblem, problemFrom } from './problem'
import type { paths } from './schema'

/** Called when the server no longer knows this session. */
let onSignedOut = () => {}

export function whenSignedOut(callback: () => void) {
  onSignedOut = callback
}

export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: 'same-origin',
  headers: { accept: 'application/json' },
})

interface Answer<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** The answer's body, or a `Problem`. */
export async function result<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>
  try {
    answer = await call
  } catch (thrown) {
    throw asProblem(thrown)
  }
  if (!answer.response.ok) {
    if (answer.response.status === 401) onSignedOut()
    throw problemFrom(answer.response, answer.error)
  }
  return answer.data as Data
}
