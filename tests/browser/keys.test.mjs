// Client keys and the set-up of a client, in a real browser against a running gateway.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

let browser

before(async () => {
  browser = await launch()
})

after(() => browser?.close())

test('a key is made, shown once, used, and its first request turns the light on', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeClientKeyNamed(name))
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page, 'keys')
  await page.getByRole('link', { name: 'New key' }).click()

  await page.getByRole('button', { name: 'Make key' }).click()
  await page.locator('input[aria-invalid=true]').waitFor()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: '30 days' }).click()
  await page.getByLabel('Models (optional)').fill('mock-*\n!mock-small')
  await page.getByLabel('openai', { exact: true }).check()
  await page.getByRole('button', { name: 'Add budget' }).click()
  await page.getByLabel('US dollars').fill('a lot')
  await page.getByLabel('Requests a minute').fill('60')
  await page.getByRole('button', { name: 'Make key' }).click()
  await page.getByText('Enter an amount such as 12.50').waitFor()
  await page.getByLabel('US dollars').fill('12.5')
  await page.getByRole('button', { name: 'Make key' }).click()

  const secret = (await page.getByRole('region', { name: `The secret of ${name}` }).locator('code').textContent()) ?? ''
  assert.match(secret, /^cw-\w{20,}/)
  const row = rowOf(page, name)
  await row.getByText('$0.00 of $12.50').waitFor()
  await row.getByText('on openai').waitFor()
  await row.getByText('60 requests/min').waitFor()
  assert.deepEqual((await gateway.clientKey(name)).models, ['mock-*', '!mock-small'])

  await page.getByRole('link', { name: 'Set up a client with it' }).click()
  await page.getByText(`Waiting for the first request of ${name}`).waitFor()
  await page.getByText(`ANTHROPIC_AUTH_TOKEN=${secret}`).waitFor()
  for (const client of ['Codex', 'Gemini CLI', 'OpenCode', 'Cherry Studio', 'Open WebUI', 'curl']) {
    await page.getByRole('tab', { name: client }).click()
    await page.getByRole('tabpanel', { name: client }).getByText(secret).waitFor()
  }
  await page.getByRole('button', { name: 'Look now' }).click()
  const answer = await gateway.greet(secret)
  assert.equal(answer.status, 200)
  await page.getByText('It works: a request came').waitFor()
  await page.getByRole('link', { name: 'Open the request' }).waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await gateway.enterKey(page)
  await page.getByRole('heading', { name: 'Connect' }).waitFor()
  await page.getByRole('tabpanel').waitFor()
  assert.ok(!(await page.content()).includes(secret), 'a sign-out forgets the secret')
  assert.equal(await page.getByLabel('Client key').inputValue(), '')
  assert.deepEqual(complaints, [])
})

test('what the gateway refuses is said in the language of the page', async () => {
  const options = { expected: gateway.isExpectedRefusal, locale: 'zh-CN' }
  const { page, complaints } = await openPage(browser, options)
  await gateway.signIn(page, 'keys/new')
  await page.getByRole('button', { name: '创建密钥' }).click()
  await page.getByText('未填写。').waitFor()
  assert.deepEqual(complaints, [])
})

test('a key is paused, resumed, given a new secret, and revoked', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeClientKeyNamed(name))
  const { key } = await gateway.addClientKey(name)
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page, 'keys')
  const row = rowOf(page, name)
  const choose = async (action) => {
    await row.getByRole('button', { name: `More actions for ${name}` }).click()
    await page.getByRole('menuitem', { name: action }).click()
  }

  await choose('Pause')
  await row.getByText('Paused by you').waitFor()
  assert.equal((await gateway.greet(key)).status, 401)
  await choose('Resume')
  await row.getByText('Active').waitFor()

  await choose('New secret…')
  await page.getByRole('dialog', { name: `Give ${name} a new secret?` }).getByRole('button', { name: 'Cancel' }).click()
  assert.equal((await gateway.greet(key)).status, 200, 'cancelled: the old secret still opens')
  await choose('New secret…')
  await page.getByRole('button', { name: 'Make a new secret' }).click()
  const shown = page.getByRole('region', { name: `The secret of ${name}` })
  const secret = (await shown.locator('code').textContent()) ?? ''
  assert.equal((await gateway.greet(key)).status, 401)
  assert.equal((await gateway.greet(secret)).status, 200)
  await shown.getByRole('button', { name: 'I have it' }).click()
  await shown.waitFor({ state: 'detached' })

  await choose('Revoke…')
  await page.keyboard.press('Escape')
  assert.ok(await gateway.clientKey(name), 'Escape revokes nothing')
  await choose('Revoke…')
  await page.getByRole('button', { name: 'Revoke key' }).click()
  await row.waitFor({ state: 'detached' })
  assert.equal(await gateway.clientKey(name), undefined)
  assert.deepEqual(complaints, [])
})

test('an edited key keeps what somebody else changed meanwhile', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeClientKeyNamed(name))
  await gateway.addClientKey(name, {
    expiresAt: Date.now() + 86_400_000,
    budgets: [{ period: 'day', tokens: 1000 }],
  })
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page, 'keys')
  await rowOf(page, name).getByText('Ends soon').waitFor()
  await page.getByRole('link', { name, exact: true }).click()

  await page.getByRole('button', { name: 'Never' }).click()
  await page.getByRole('button', { name: 'Remove budget: Each day' }).click()
  await gateway.patchClientKey(name, { limits: { concurrency: 3 } })
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('Somebody changed this key').waitFor()
  await page.getByRole('button', { name: 'Save my changes too' }).click()
  await rowOf(page, name).getByText('3 at once').waitFor()
  const { limits, budgets, expiresAt } = await gateway.clientKey(name)
  assert.deepEqual({ limits, budgets, expiresAt }, { limits: { concurrency: 3 }, budgets: [], expiresAt: undefined })

  await page.getByRole('link', { name, exact: true }).click()
  await page.getByLabel('Name', { exact: true }).fill('lost')
  await page.getByRole('link', { name: 'Keys' }).first().click()
  await page.getByRole('button', { name: 'Stay' }).click()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'lost')
  await page.getByRole('link', { name: 'Keys' }).first().click()
  await page.getByRole('button', { name: 'Leave' }).click()
  await rowOf(page, name).waitFor()
  assert.deepEqual(complaints, [])
})

function rowOf(page, name) {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
}
