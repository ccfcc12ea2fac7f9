// The overview and the usage, in a real browser against a running gateway. The channel asked here leads nowhere, so that
// every request fails in the same way on any gateway.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const name = gateway.freshName()
const model = `model-${name}`
let browser
let client

before(async () => {
  browser = await launch()
  await gateway.addChannel(name)
  client = await gateway.addClientKey(name)
  await gateway.recorded(await gateway.ask(client, name, model))
})

after(async () => {
  await browser?.close()
  if (client) await gateway.removeClientKey(client.id)
  await gateway.removeChannel(name)
})

test('the overview names a broken channel and mends it', async () => {
  // Enough failures to trip the channel.
  for (let tries = 0; tries < 12; tries += 1) await gateway.ask(client, name, model)
  const { page, complaints } = await open('overview')
  const problems = page.getByRole('region', { name: 'Needs attention' })
  await problems.getByRole('link', { name, exact: true }).waitFor()
  await problems.getByText('not reachable').first().waitFor()
  await problems.getByRole('button', { name: `Forget failures, try now: ${name}` }).click()
  await problems.getByRole('link', { name, exact: true }).waitFor({ state: 'detached' })
  assert.equal((await gateway.listed(name)).health.breaker, 'closed')

  await page.getByRole('heading', { name: 'Requests in the last 24 hours' }).waitFor()
  await page.getByText('As a table').click()
  await page.getByRole('region', { name: /As a table/ }).getByRole('row').nth(1).waitFor()
  await page.getByRole('link', { name: 'All failed requests' }).click()
  await page.waitForURL(/requests\?status=failed/)
  await page.goBack()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  assert.deepEqual(complaints, [])
})

test('the overview says so when a channel has no key', async (t) => {
  const keyless = `${name}-keyless`
  t.after(() => gateway.removeChannel(keyless))
  await gateway.addChannel(keyless, [])
  const { page, complaints } = await open('overview')
  const problem = page.getByRole('listitem').filter({ hasText: keyless })
  await problem.getByText('No usable key').waitFor()
  await problem.getByRole('link', { name: 'Add a key' }).click()
  await page.getByRole('heading', { name: `Edit ${keyless}` }).waitFor()
  assert.deepEqual(complaints, [])
})

test('usage is broken down in every way, and the address keeps it', async () => {
  const { page, complaints } = await open('usage')
  const rows = {
    'By channel': name,
    'By client key': client.name,
    'By protocol': 'OpenAI Chat',
    'By upstream key': `${name} · team`,
    'By model': model,
  }
  for (const [by, text] of Object.entries(rows)) {
    await page.getByText(by, { exact: true }).click()
    await page.getByRole('region', { name: by }).getByRole('rowheader', { name: text, exact: true }).waitFor()
  }
  for (const measure of ['Tokens', 'Cost', 'Requests']) {
    await page.getByRole('group', { name: 'Show' }).getByText(measure, { exact: true }).click()
    await page.getByRole('heading', { name: `${measure} over time` }).waitFor()
  }
  for (const range of ['1 hour', '7 days', '30 days']) {
    await page.getByText(range, { exact: true }).click()
    await page.getByRole('rowheader', { name: model, exact: true }).waitFor()
  }
  await page.getByText('By channel', { exact: true }).click()
  await page.reload()
  await page.getByRole('rowheader', { name, exact: true }).waitFor()
  assert.match(page.url(), /range=30d/)

  const coming = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as CSV' }).click()
  const file = await readFile(await (await coming).path(), 'utf8')
  assert.match(file, /^channel,name,requests,/)
  assert.ok(file.includes(`"${name}"`))

  await page.getByRole('link', { name, exact: true }).click()
  await page.waitForURL(/requests\?range=30d&channel=ch_/)
  await page.getByRole('table').getByRole('link').first().waitFor()
  assert.deepEqual(complaints, [])
})

test('on a phone the usage is a list, and nothing of it is out of sight', async () => {
  const { page, complaints } = await openPage(browser, {
    expected: gateway.isExpectedRefusal,
    viewport: { width: 360, height: 740 },
  })
  await gateway.signIn(page, 'usage?by=channel')
  const region = page.getByRole('region', { name: 'By channel' })
  await region.getByRole('link', { name, exact: true }).waitFor()
  const excess = await region.evaluate((element) => element.scrollWidth - element.clientWidth)
  assert.ok(excess <= 0, `it is ${excess} px too wide`)
  assert.deepEqual(complaints, [])
})

test('a page that cannot reach the gateway says so and recovers', async () => {
  const { page } = await open('usage')
  await page.getByRole('heading', { name: 'Requests over time' }).waitFor()
  await page.route('**/api/stats**', (route) => route.abort())
  await page.getByText('7 days', { exact: true }).click()
  const notice = page.getByRole('alert')
  await notice.getByText('What is shown may be old.').waitFor()
  await page.unroute('**/api/stats**')
  await notice.getByRole('button', { name: 'Try again' }).click()
  await notice.waitFor({ state: 'detached' })
})

async function open(path) {
  const opened = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(opened.page, path)
  return opened
}
