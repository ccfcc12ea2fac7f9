// An operator's first minutes, in a real browser against a running gateway.
// CAUSEWAY_URL and CAUSEWAY_ADMIN_KEY say which; the test removes what it adds.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'

const url = required('CAUSEWAY_URL').replace(/\/+$/, '')
const adminKey = required('CAUSEWAY_ADMIN_KEY')
const channelName = `browser-test-${Date.now().toString(36)}`

let browser

before(async () => {
  browser = await launch()
})

after(async () => {
  await removeChannel()
  await browser?.close()
})

test('an operator signs in, adds a channel, pauses it and signs out', async () => {
  const { page, complaints } = await openPage(browser, { expected: isExpectedRefusal })

  await page.goto(`${url}/ui/`)
  await page.getByLabel('Admin key', { exact: true }).fill('not-the-admin-key-of-this-gateway')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').filter({ hasText: 'not the admin key' }).waitFor({ state: 'attached' })
  assert.equal(await page.getByRole('heading', { name: 'Sign in' }).isVisible(), true)

  await page.getByLabel('Admin key', { exact: true }).fill(adminKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await page.getByRole('link', { name: 'Add channel' }).click()

  await page.getByLabel('Name', { exact: true }).fill(channelName)
  await page.getByLabel('Base URL').fill('no address')
  await page.getByLabel('New key', { exact: true }).fill('sk-browser-test-0123456789')
  await page.getByRole('button', { name: 'Add channel' }).click()
  await page.locator('input[type=url][aria-invalid=true]').waitFor()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), channelName, 'a refused form keeps its text')

  await page.getByLabel('Base URL').fill('http://127.0.0.1:9')
  await page.getByRole('button', { name: 'Add channel' }).click()

  const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: channelName }) })
  await row.getByText('Active').waitFor()
  assert.equal((await listed())?.status, 'active')
  assert.doesNotMatch(await page.content(), /sk-browser-test-0123456789/, 'the key is not shown again')

  await row.getByRole('button', { name: `Pause: ${channelName}` }).click()
  await row.getByText('Paused by you').waitFor()
  assert.equal((await listed())?.status, 'paused')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()

  assert.deepEqual(complaints, [])
})

test('no page scrolls sideways on a phone', async () => {
  const { page, complaints } = await openPage(browser, {
    expected: isExpectedRefusal,
    viewport: { width: 360, height: 740 },
  })
  await page.goto(`${url}/ui/`)
  await page.getByLabel('Admin key', { exact: true }).fill(adminKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()

  for (const path of ['channels', 'channels/new', 'connect']) {
    await page.goto(`${url}/ui/${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(excess <= 0, `${path} is ${excess} px too wide`)
  }
  assert.deepEqual(complaints, [])
})

/** Chromium logs refusals as errors; these are asked for: no session yet, a wrong key, a form with a wrong URL. */
function isExpectedRefusal(text, source) {
  return /status of 4(00|01|22)/.test(text) && /\/api\/(session|channels)$/.test(source)
}

async function listed() {
  const answer = await call('GET', '/api/channels')
  const { channels } = await answer.json()
  return channels.find(({ name }) => name === channelName)
}

async function removeChannel() {
  const channel = await listed()
  if (channel) await call('DELETE', `/api/channels/${channel.id}`)
}

function call(method, path) {
  return fetch(url + path, { method, headers: { authorization: `Bearer ${adminKey}` } })
}

function required(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}
