// An operator's first minutes, in a real browser against a running gateway.
// CAUSEWAY_URL and CAUSEWAY_ADMIN_KEY say which; each test removes what it adds.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

let browser

before(async () => {
  browser = await launch()
})

after(() => browser?.close())

test('an operator signs in, adds a channel, pauses it and signs out', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })

  await page.goto(`${gateway.url}/ui/`)
  await page.getByLabel('Admin key', { exact: true }).fill('not-the-admin-key-of-this-gateway')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').filter({ hasText: 'not the admin key' }).waitFor({ state: 'attached' })
  assert.equal(await page.getByRole('heading', { name: 'Sign in' }).isVisible(), true)

  await gateway.signIn(page)
  await page.getByRole('link', { name: 'Add channel' }).click()

  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Base URL').fill('no address')
  await page.getByLabel('New key', { exact: true }).fill('sk-browser-test-0123456789')
  await page.getByRole('button', { name: 'Add channel' }).click()
  await page.locator('input[type=url][aria-invalid=true]').waitFor()
  assert.equal(
    await page.getByLabel('Name', { exact: true }).inputValue(),
    name,
    'a refused form keeps its text',
  )

  await page.getByLabel('Base URL').fill('http://127.0.0.1:9')
  await page.getByRole('button', { name: 'Add channel' }).click()

  const row = rowOf(page, name)
  await row.getByText('Active').waitFor()
  assert.equal((await gateway.listed(name))?.status, 'active')
  assert.doesNotMatch(await page.content(), /sk-browser-test-0123456789/, 'the key is not shown again')

  await row.getByRole('button', { name: `Move to standby: ${name}` }).click()
  await row.getByText('Paused by you').waitFor()
  assert.equal((await gateway.listed(name))?.status, 'paused')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()

  assert.deepEqual(complaints, [])
})

test('a form is told when somebody else was faster and can still save', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  await gateway.addChannel(name)
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page)

  await page.getByRole('link', { name }).click()
  await page.getByLabel('Weight', { exact: true }).fill('7')
  await gateway.patchChannel(name, { priority: 900 })
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByRole('alert').filter({ hasText: 'Changed there: Priority.' }).waitFor()
  assert.equal(await page.getByLabel('Weight', { exact: true }).inputValue(), '7', 'what was typed stays')

  await page.getByRole('button', { name: 'Save my changes too' }).click()
  await rowOf(page, name).getByText('weight 7').waitFor()
  const { weight, priority } = await gateway.listed(name)
  assert.deepEqual(
    { weight, priority },
    { weight: 7, priority: 900 },
    'a field nobody edited here keeps their value',
  )
  assert.deepEqual(complaints, [])
})

test('an expired session keeps the open form', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  await gateway.addChannel(name)
  const { context, page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page)
  await page.getByRole('link', { name }).click()
  await page.getByLabel('Weight', { exact: true }).fill('3')

  await context.clearCookies()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await gateway.enterKey(page)
  assert.equal(await page.getByLabel('Weight', { exact: true }).inputValue(), '3')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await rowOf(page, name).getByText('weight 3').waitFor()
  assert.deepEqual(complaints, [])
})

test('deleting a channel asks first', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  await gateway.addChannel(name)
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page)

  const askToDelete = async () => {
    await page.getByRole('button', { name: `More actions for ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    return page.getByRole('dialog', { name: `Delete ${name}?` })
  }
  await askToDelete()
  await page.keyboard.press('Escape')
  assert.ok(await gateway.listed(name), 'Escape deletes nothing')

  const dialog = await askToDelete()
  await dialog.getByRole('button', { name: 'Delete channel' }).click()
  await rowOf(page, name).waitFor({ state: 'detached' })
  assert.equal(await gateway.listed(name), undefined)
  assert.deepEqual(complaints, [])
})

test('a channel is tested and copied from its row', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  t.after(() => gateway.removeChannel(`${name}-2`))
  await gateway.addChannel(name)
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page)

  const choose = async (action) => {
    await page.getByRole('button', { name: `More actions for ${name}`, exact: true }).click()
    await page.getByRole('menuitem', { name: action }).click()
  }
  await choose('Test now')
  const panel = page.getByRole('region', { name: `Test of ${name}`, exact: true })
  await panel.getByText('4 of 4 checks failed.').waitFor()
  await panel.getByText('not reachable').first().waitFor()
  await panel.getByRole('button', { name: 'Test again' }).click()
  await panel.getByText('4 of 4 checks failed.').waitFor()
  await panel.getByRole('button', { name: 'Close' }).click()
  await panel.waitFor({ state: 'detached' })

  await choose('Duplicate')
  await rowOf(page, `${name}-2`).getByText('Paused by you').waitFor()
  assert.equal((await gateway.listed(`${name}-2`))?.status, 'paused')
  assert.deepEqual(complaints, [])
})

test('a start without an answer says so, and can be tried again', async () => {
  const { page } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page)
  await page.route('**/api/channels', (route) =>
    route.fulfill({ status: 503, json: { error: { code: 'store_unavailable', message: 'no' } } }),
  )
  await page.reload()
  await page.getByRole('alert').filter({ hasText: 'The configuration cannot be stored' }).waitFor()
  await page.unroute('**/api/channels')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('heading', { name: 'Channels' }).waitFor()
})

test('who was signed in waits for no answer to load the page, who signed out loads none', async () => {
  const { page } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  const code = /\/ChannelsPage-[^/]+\.js$/
  await gateway.signIn(page)
  const loading = page.waitForRequest(code)
  await page.route('**/api/bootstrap', (route) => loading.then(() => route.continue()))
  await page.reload()
  await page.getByRole('heading', { name: 'Channels' }).waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  const asked = []
  page.on('request', (request) => asked.push(request.url()))
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.deepEqual(asked.filter((url) => code.test(url)), [])
})

test('pasted text fills the form of a new channel', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page)
  await page.getByRole('link', { name: 'Add channel' }).click()

  const text = '接口地址：http://127.0.0.1:9/v1/messages\n密钥：sk-browser0123456789abcdef'
  await page.getByLabel('Anything that names an address and a key').fill(text)
  await page.getByRole('button', { name: 'Read it' }).click()
  await page.getByText('The form below is filled in').waitFor()
  assert.doesNotMatch(await page.locator('section').first().innerText(), /sk-browser0123456789abcdef/)
  assert.equal(await page.getByLabel('Base URL').inputValue(), 'http://127.0.0.1:9')
  assert.equal(await page.getByLabel('New key', { exact: true }).inputValue(), 'sk-browser0123456789abcdef')

  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Add channel' }).click()
  await rowOf(page, name).getByText('Claude Messages').waitFor()
  assert.deepEqual(complaints, [])
})

function rowOf(page, name) {
  return page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) })
}
