// The gateway under test and what these tests do with it outside the browser.

export const url = required('CAUSEWAY_URL').replace(/\/+$/, '')
export const adminKey = required('CAUSEWAY_ADMIN_KEY')

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

export async function addChannel(name) {
  const answer = await call('POST', '/api/channels', {
    name,
    endpoints: [{ protocol: 'chat', baseUrl: 'http://127.0.0.1:9' }],
    keys: [{ key: 'sk-browser-test-0123456789', name: 'team' }],
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

/** Opens a page of the UI and signs in on the way. */
export async function signIn(page, path = 'channels') {
  await page.goto(`${url}/ui/${path}`)
  await enterKey(page)
}

/** Fills in the sign-in that a page shows. */
export async function enterKey(page) {
  await page.getByLabel('Admin key', { exact: true }).fill(adminKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

/** Chromium logs refusals as errors; these are asked for: no session yet, a wrong key, a bad or outdated form. */
export function isExpectedRefusal(text, source) {
  return /status of 4(00|01|09)/.test(text) && /\/api\/(session|channels)(\/ch_\w+)?$/.test(source)
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
