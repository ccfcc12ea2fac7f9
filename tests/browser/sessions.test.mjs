// What an operator learns of clients' sessions, in a real browser against a running gateway.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from './accessible.mjs'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const name = gateway.freshName()
const model = `mock-${name}`
let browser
let client
let idle
/** The session of three requests, of which the last failed at another channel. */
let session

before(async () => {
  browser = await launch()
  await gateway.addChannel(name)
  client = await gateway.addClientKey(name)
  idle = await gateway.addClientKey(`${name}-idle`)
  const turns = [
    ['first', 'openai', model],
    ['second', 'openai', model],
    ['first', 'openai', `${model}-other`],
    ['first', name, model],
  ]
  let last
  for (const [of, channel, model] of turns) {
    last = await gateway.ask(client, channel, model, { session_id: `${name}-${of}` })
    await gateway.recorded(last)
  }
  session = (await gateway.read(`/api/requests/${last}`)).session
})

after(async () => {
  await browser?.close()
  for (const key of [client, idle]) if (key) await gateway.removeClientKey(key.id)
  await gateway.removeChannel(name)
})

test('sessions tell what they did, and lead to their requests', async () => {
  const { page, complaints } = await open(`requests?clientKey=${client.id}&range=7d`)
  await page.getByRole('link', { name: 'Sessions', exact: true }).click()
  await page.waitForURL((url) => url.pathname.endsWith('/ui/requests/sessions'))
  assert.equal(new URL(page.url()).search, `?range=7d&clientKey=${client.id}`, 'range and key are carried over')
  const rows = page.getByRole('table').locator('tbody tr')
  // The page before has rows, too.
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor()
  await rows.nth(1).waitFor()
  assert.equal(await rows.count(), 2)
  const newest = rows.first()
  for (const text of [client.name, 'OpenAI Chat', `${model}-other`, 'openai', '3', '1 failed'])
    await newest.getByText(text).first().waitFor()
  const channels = await newest.locator('td').nth(2).innerText()
  assert.deepEqual(channels.split(', ').sort(), [name, 'openai'].sort())

  await newest.getByRole('link').click()
  await page.waitForURL((url) => url.searchParams.get('session') === session)
  const card = page.getByRole('region', { name: 'Session', exact: true })
  await card.getByText('1 failed').waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor()
  await rows.nth(1).getByText(model).click()
  await card.waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor()
  await rows.nth(1).waitFor()
  await page.getByRole('link', { name: 'Requests', exact: true }).last().click()
  await page.waitForURL((url) => url.pathname.endsWith('/ui/requests') && url.searchParams.has('range'))
  assert.deepEqual(complaints, [])
})

test('sessions are found by range and key, and the address keeps them', async () => {
  const { page, complaints } = await open('overview')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Find anything' }).fill('Sessions')
  await page.getByRole('option', { name: /Requests: Sessions/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(/requests\/sessions$/)
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor()
  const rows = page.getByRole('table').locator('tbody tr')
  await rows.nth(1).waitFor()

  const key = page.getByLabel('Client key', { exact: true })
  await key.selectOption({ label: idle.name })
  await page.getByRole('heading', { name: 'No session in this range' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'No session in this range' }).waitFor()
  await key.selectOption({ label: client.name })
  await rows.nth(1).waitFor()
  assert.equal(await rows.count(), 2)

  for (const range of ['1 hour', '7 days', '30 days', '24 hours', 'Custom']) {
    await page.getByText(range, { exact: true }).click()
    await rows.nth(1).waitFor()
  }
  await page.getByLabel('From').fill('2020-01-01T00:00')
  await page.waitForURL(/since=1577/)
  await page.getByLabel('Until').fill('2020-01-02T00:00')
  await page.getByRole('heading', { name: 'No session in this range' }).waitFor()
  assert.deepEqual(complaints, [])
})

test('sessions that cannot be read, or not all, are said to be so', async () => {
  const { page } = await open('overview')
  const problem = { error: { code: 'records_unavailable', message: 'the database is locked' } }
  const refused = (route) => route.fulfill({ status: 503, json: problem })
  await page.route('**/api/sessions*', refused)
  await page.goto(`${gateway.url}/ui/requests/sessions?clientKey=${client.id}`)
  await page.getByRole('alert').waitFor()
  await page.unroute('**/api/sessions*', refused)
  await page.route('**/api/sessions*', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), complete: false } })
  })
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('More happened in this range').waitFor()
  await page.getByRole('alert').waitFor({ state: 'detached' })
})

for (const colorScheme of ['light', 'dark'])
  for (const locale of ['en-GB', 'zh-CN'])
    test(`sessions are shown accessibly: ${colorScheme}, ${locale}`, async () => {
      const { page } = await open(`requests/sessions?clientKey=${client.id}`, {
        colorScheme,
        locale,
        reducedMotion: 'reduce',
      })
      await page.locator('tbody tr').nth(1).waitFor()
      assert.deepEqual(await violations(page), [])
    })

for (const width of [320, 360])
  test(`sessions fit ${width} px`, async () => {
    const { page, complaints } = await open(`requests/sessions?clientKey=${client.id}`, {
      viewport: { width, height: 640 },
    })
    await page.locator('tbody tr').nth(1).waitFor()
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(excess <= 0, `${excess} px too wide`)
    await page.getByText('1 failed').click()
    await page.waitForURL((url) => url.searchParams.get('session') === session)
    assert.deepEqual(complaints, [])
  })

async function open(path, options) {
  const opened = await openPage(browser, { expected: gateway.isExpectedRefusal, ...options })
  opened.page.setDefaultTimeout(20_000)
  await gateway.signIn(opened.page, path)
  return opened
}
