// What an operator learns of requests, in a real browser against a running gateway. The channel asked here leads
// nowhere, so that every request fails in the same way on any gateway.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { violations } from './accessible.mjs'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const name = gateway.freshName()
const model = `model-${name}`
let browser
let client
let requests

before(async () => {
  browser = await launch()
  await gateway.addChannel(name)
  client = await gateway.addClientKey(name)
  requests = [await gateway.ask(client, name, model), await gateway.ask(client, name, `${model}-other`)]
  for (const id of requests) await gateway.recorded(id)
})

after(async () => {
  await browser?.close()
  if (client) await gateway.removeClientKey(client.id)
  await gateway.removeChannel(name)
})

test('requests are found by every filter, and the address keeps them', async () => {
  const { page, complaints } = await open(`requests?clientKey=${client.id}`)
  const filters = page.getByRole('search')
  const rows = page.getByRole('table').locator('tbody tr')
  await rows.nth(1).waitFor()
  assert.equal(await rows.count(), 2)

  await filters.getByLabel('Model', { exact: true }).fill(model)
  await filters.getByLabel('Model', { exact: true }).press('Enter')
  await page.waitForURL(/model=/)
  await rows.nth(1).waitFor({ state: 'detached' })
  assert.match(await rows.innerText(), /Failed/)

  const choices = [
    ['Status', 'Failed', 'status=failed'],
    ['Channel', name, 'channel=ch_'],
    ['Client key', client.name, `clientKey=${client.id}`],
    ['Protocol', 'OpenAI Chat', 'protocol=chat'],
  ]
  for (const [label, option, address] of choices) {
    await filters.getByLabel(label, { exact: true }).selectOption({ label: option })
    await page.waitForURL((url) => url.search.includes(address))
  }
  await rows.first().waitFor()
  await page.getByLabel('Search requests').fill('nothing says this')
  await page.getByRole('heading', { name: 'No request matches' }).waitFor()
  await page.getByLabel('Search requests').fill(requests[0])
  await rows.first().waitFor()

  await page.reload()
  await rows.first().waitFor()
  assert.equal(await rows.count(), 1)
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.waitForURL((url) => url.search === '')

  for (const range of ['1 hour', '7 days', '30 days', '24 hours', 'Custom']) {
    await page.getByText(range, { exact: true }).click()
    await rows.first().waitFor()
  }
  await page.getByLabel('From').fill('2020-01-01T00:00')
  await page.waitForURL(/since=1577/)
  await page.getByLabel('Until').fill('2020-01-02T00:00')
  await page.getByRole('heading', { name: 'No request yet' }).waitFor()
  assert.deepEqual(complaints, [])
})

test('a request tells what became of it and why', async () => {
  const { page, complaints } = await open(`requests?clientKey=${client.id}&model=${model}`)
  await page.getByRole('table').getByRole('link').click()
  const panel = page.getByRole('region', { name: 'Request', exact: true })
  await panel.getByText('Chosen because the client asked for it').first().waitFor()
  assert.match(page.url(), new RegExp(`/ui/requests/${requests[0]}\\?`), 'it has an address of its own')
  await panel.getByText('candidate').first().click()
  await panel.getByText('chosen', { exact: true }).first().waitFor()

  await panel.getByText('Copy as curl', { exact: true }).click()
  await panel.getByText(`"model":"${model}"`).waitFor()
  await panel.getByRole('button', { name: 'Copy: Copy as curl' }).click()
  await panel.getByText('Copied').waitFor()

  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  await page.goBack()
  await panel.waitFor()
  await panel.getByRole('link', { name: client.name }).click()
  await page.waitForURL((url) => url.search === `?clientKey=${client.id}`)

  await page.goto(`${gateway.url}/ui/requests/req_unknown`)
  await page.getByText('This request is not kept any more.').waitFor()
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('heading', { name: 'Requests' }).waitFor()
  assert.deepEqual(complaints, [])
})

test('columns are chosen, and requests taken home', async () => {
  const { page, complaints } = await open(`requests?clientKey=${client.id}`)
  const head = page.getByRole('columnheader')
  await page.getByRole('columnheader', { name: 'Cost' }).waitFor()
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('checkbox', { name: 'Cost' }).uncheck()
  await page.getByRole('checkbox', { name: 'Attempts' }).check()
  await page.keyboard.press('Escape')
  await page.reload()
  await page.getByRole('columnheader', { name: 'Attempts' }).waitFor()
  assert.equal(await head.filter({ hasText: 'Cost' }).count(), 0)

  for (const [format, says] of [
    ['As CSV', 'id,at,clientKey'],
    ['As JSON lines', '{"id":"req_'],
  ]) {
    await page.getByRole('button', { name: 'Export' }).click()
    const coming = page.waitForEvent('download')
    await page.getByRole('link', { name: format }).click()
    const file = await readFile(await (await coming).path(), 'utf8')
    assert.ok(file.startsWith(says), file.slice(0, 60))
    assert.equal(file.match(new RegExp(model, 'g')).length >= 2, true)
    await page.keyboard.press('Escape')
  }
  assert.deepEqual(complaints, [])
})

test('a dry run tells who would serve', async () => {
  const { page, complaints } = await open('requests')
  await page.getByRole('link', { name: 'Why this route?' }).click()
  await page.getByRole('button', { name: 'Ask' }).click()
  await page.getByText('Enter the name of a model.').waitFor()

  await page.getByLabel('Model', { exact: true }).fill(model)
  await page.getByLabel('Protocol').selectOption({ label: 'Claude Messages' })
  await page.getByLabel('Channel (X-Channel)').selectOption({ label: name })
  await page.getByLabel('Client key').selectOption({ label: client.name })
  await page.getByLabel('Prompt, tokens').fill('1200')
  await page.getByLabel('Output at most, tokens').fill('100')
  await page.getByLabel('Offers tools').check()
  await page.getByLabel('Shows images').check()
  await page.getByRole('button', { name: 'Ask' }).click()
  const answer = page.getByRole('region', { name: 'Decision' })
  await answer.getByRole('link', { name, exact: true }).waitFor()
  assert.match(page.url(), /tools=yes/)

  await page.getByLabel('Route prefix').fill('nowhere')
  await page.getByRole('button', { name: 'Ask' }).click()
  await answer.getByText('has another route prefix').first().waitFor()
  assert.deepEqual(complaints, [])
})

test('a session is summed up above its requests', async () => {
  const asked = { session_id: gateway.freshName() }
  const turns = [0, 1].map(() => gateway.ask(gateway, 'openai', 'mock-large', asked))
  const [id] = await Promise.all(turns)
  for (const turn of turns) await gateway.recorded(await turn)
  const { session } = await gateway.read(`/api/requests/${id}`)
  const { page, complaints } = await open(`requests/${id}`)
  const panel = page.getByRole('region', { name: 'Request', exact: true })
  await panel.getByRole('link', { name: session }).click()
  await page.waitForURL((url) => url.searchParams.get('session') === session)
  const card = page.getByRole('region', { name: 'Session', exact: true })
  await card.getByText('openai', { exact: true }).waitFor()
  await card.getByText('2', { exact: true }).waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: /^Session: / }).click()
  await card.waitFor({ state: 'detached' })
  assert.deepEqual(complaints, [])
})

test('a filter chosen in an expired session holds after the sign-in', async () => {
  const { context, page, complaints } = await open(`requests?clientKey=${client.id}`)
  const rows = page.getByRole('table').locator('tbody tr')
  await rows.nth(1).waitFor()
  await context.clearCookies()
  await page.getByRole('search').getByLabel('Model', { exact: true }).fill(model)
  await page.getByRole('search').getByLabel('Model', { exact: true }).press('Enter')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await gateway.enterKey(page)
  await rows.nth(1).waitFor({ state: 'detached' })
  assert.equal(await page.getByRole('alert').count(), 0)
  assert.deepEqual(complaints, [])
})

test('on a phone a request takes the place of the list', async () => {
  const { page, complaints } = await open(`requests?clientKey=${client.id}`, {
    viewport: { width: 360, height: 740 },
  })
  await page.getByRole('button', { name: 'Filters (1)' }).click()
  await page
    .getByRole('search')
    .getByLabel('Status', { exact: true })
    .selectOption({ label: 'Server errors (5xx)' })
  await page
    .getByRole('listitem')
    .filter({ hasText: `${model}-other` })
    .getByRole('link')
    .click()
  await page.getByRole('region', { name: 'Request', exact: true }).waitFor()
  assert.equal(await page.getByRole('heading', { name: 'Requests' }).isVisible(), false)
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(excess <= 0, `${excess} px too wide`)
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('heading', { name: 'Requests' }).waitFor()
  assert.deepEqual(complaints, [])
})

async function open(path, options) {
  const opened = await openPage(browser, {
    expected: gateway.isExpectedRefusal,
    ...options,
  })
  opened.page.setDefaultTimeout(10_000)
  await gateway.signIn(opened.page, path)
  return opened
}
