// The gateway under test and what these tests do with it outside the browser.

import { eventually } from './eventually.mjs'

export const url = required('CAUSEWAY_URL').replace(/\/+$/, '')
export const adminKey = required('CAUSEWAY_ADMIN_KEY')
/** A client key. */
export const key = required('CAUSEWAY_KEY')

/** A name no other run has. */
export function freshName() {
  return `browser-test-${Date.now().toString(36)}`
}

/** The channel's entry in the list; undefined when there is none. */
export async function listed(name) {
  const answer = await call('GET', '/api/channels')
  const { channels } = await answer.json()
  return channels.find((channel) => channel.name === name)
}

export async function addChannel(name, keys = [{ key: 'sk-browser-test-0123456789', name: 'team' }]) {
  const answer = await call('POST', '/api/channels', {
    name,
    endpoints: [{ protocol: 'chat', baseUrl: 'http://127.0.0.1:9' }],
    keys,
  })
  if (!answer.ok) throw new Error(`the channel was refused: ${await answer.text()}`)
}

/** Removes the channel if it is there. */
export async function removeChannel(name) {
  const channel = await listed(name)
  if (channel) await call('DELETE', `/api/channels/${channel.id}`)
}

/** Changes a channel behind the browser's back. */
export async function patchChannel(name, change) {
  const { id } = await listed(name)
  const answer = await call('PATCH', `/api/channels/${id}`, change)
  if (!answer.ok) throw new Error(`the change was refused: ${await answer.text()}`)
}

/** Creates a client key; gives its id, its name and the key itself. */
export async function addClientKey(name, more = {}) {
  const { key, clientKey } = await written('POST', '/api/client-keys', { name, ...more })
  return { id: clientKey.id, name, key }
}

export async function removeClientKey(id) {
  await call('DELETE', `/api/client-keys/${id}`)
}

/** Asks as a client, of one channel, perhaps with more headers; gives the id of the request. */
export async function ask({ key }, channel, model, more = {}) {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'x-channel': channel,
      ...more,
    },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello.' }] }),
  })
  await answer.text()
  return answer.headers.get('x-causeway-request-id')
}

/** Waits until a request is in the records: they are written behind the answers. */
export async function recorded(id) {
  await eventually(async () => (await call('GET', `/api/requests/${id}`)).ok, `request ${id} is recorded`)
}

export async function clientKey(name) {
  const { clientKeys } = await (await call('GET', '/api/client-keys')).json()
  return clientKeys.find((key) => key.name === name)
}

export async function patchClientKey(name, change) {
  return written('PATCH', `/api/client-keys/${(await clientKey(name)).id}`, change)
}

/** Removes the key if it is there. */
export async function removeClientKeyNamed(name) {
  const key = await clientKey(name)
  if (key) await removeClientKey(key.id)
}

/** Asks until a request was captured: not every isolate hears of an order at once. Gives its id. */
export async function captured(key) {
  for (let tries = 0; tries < 3; tries += 1) {
    const id = (await greet(key)).headers.get('x-causeway-request-id')
    await recorded(id)
    if ((await read(`/api/requests/${id}`)).captured) return id
  }
  throw new Error('no request was captured')
}

/** Captures no bodies any more, and keeps none. */
export async function stopCapture() {
  await call('DELETE', '/api/capture')
}

/** What stands at a path of the management API. */
export async function read(path) {
  return (await call('GET', path)).json()
}

/** Writes to a path of the management API. */
export async function written(method, path, body) {
  const answer = await call(method, path, body)
  if (!answer.ok) throw new Error(`${method} ${path} was refused: ${await answer.text()}`)
  return answer.json()
}

/** A small request of a client, to whoever serves it. */
export async function greet(key, model = 'mock-large', stream = false) {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello' }] }),
  })
  await answer.text()
  return answer
}

/** Where a channel finds a lane of the mock upstream. */
export function laneUrl(lane) {
  return `${required('MOCK_URL')}/${lane}`
}

/** Tells the mock upstream how one of its lanes shall answer from now on, and how to those who show certain keys. */
export async function behave(lane, behaviour, keys = {}) {
  const path = `${required('MOCK_URL')}/_control/lanes/${lane}`
  const body = JSON.stringify({ default: behaviour, keys })
  const answer = await fetch(path, { method: 'POST', body })
  if (!answer.ok) throw new Error(`the mock refused: ${await answer.text()}`)
}

/** Opens a page of the UI and signs in on the way. */
export async function signIn(page, path = 'channels') {
  await page.goto(`${url}/ui/${path}`)
  await enterKey(page)
}

/** Fills in the sign-in that a page shows, in whatever language. */
export async function enterKey(page) {
  const key = page.locator('input[name="admin-key"]')
  await key.fill(adminKey)
  await key.press('Enter')
  await key.waitFor({ state: 'detached' })
  await page.locator('#content h1').first().waitFor()
}

/**
 * Chromium logs refusals as errors; these are asked for: no session yet, a wrong key, a bad or
 * outdated form, something that is gone.
 */
export function isExpectedRefusal(text, source) {
  return (
    /status of 4(00|01|04|09)/.test(text) &&
    /\/api\/(session|settings|prices|config\/\w+|(channels|requests|client-keys)(\/\w+)?)(\?.*)?$/.test(source)
  )
}

function call(method, path, body) {
  return fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  })
}

function required(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}
