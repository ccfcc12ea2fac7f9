// What happens is told while it does: the live tail and the states of channels, in a real browser against a running gateway.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const name = gateway.freshName()
let browser
let client

before(async () => {
  browser = await launch()
  await gateway.addChannel(name)
  client = await gateway.addClientKey(name)
})

after(async () => {
  await browser?.close()
  if (client) await gateway.removeClientKey(client.id)
  await gateway.removeChannel(name)
})

test('requests come in while the switch is on, and the address keeps it', async () => {
  const { page, rows, complaints } = await openTail('first')
  await page.getByRole('heading', { name: 'No request matches' }).waitFor()
  await ask('first')
  await rows.filter({ hasText: 'Failed' }).waitFor()
  await page.reload()
  await rows.first().waitFor()
  assert.equal(await rows.count(), 1)
  await live(page)

  await page.getByLabel('Search requests').fill('no such thing')
  await page.getByRole('heading', { name: 'No request matches' }).waitFor()
  await page.getByText('Custom', { exact: true }).click()
  await page.getByText('A range of time that has passed.').waitFor()
  assert.equal(await page.getByRole('switch', { name: 'Live' }).isDisabled(), true)
  await page.goBack()
  await page.getByRole('switch', { name: 'Live', checked: true }).click()
  await page.getByText('up to date within 15 seconds').waitFor()
  assert.doesNotMatch(page.url(), /live=/)
  assert.deepEqual(complaints, [])
})

test('a request under way is a row of its own, where the gateway tells of it', async (t) => {
  if ((await gateway.read('/api/bootstrap')).live !== 'full') return
  t.after(() => gateway.behave('openai', {}))
  const model = `mock-${name}`
  const { page, rows, complaints } = await open(`requests?live=on&model=${model}`)
  await live(page)
  await gateway.behave('openai', { reply: { text: 'word '.repeat(20), delayMs: 100 } })
  const answered = gateway.greet(gateway.key, model, true)
  await rows.filter({ hasText: 'Answering' }).waitFor()
  assert.equal(await rows.getByRole('link').count(), 0, 'there is no record to go to yet')
  await answered
  await rows.filter({ hasText: 'Served' }).getByRole('link').waitFor()
  assert.equal(await rows.count(), 1)
  assert.deepEqual(complaints, [])
})

test('nothing moves while a request is open', async () => {
  const { page, rows, complaints } = await openTail('held')
  await ask('held')
  await rows.first().getByRole('link').click()
  const panel = page.getByRole('region', { name: 'Request', exact: true })
  await panel.getByText('Chosen because the client asked for it').first().waitFor()
  await ask('held')
  await ask('held')
  const fresh = page.getByRole('button', { name: '2 new' })
  await fresh.waitFor()
  assert.equal(await rows.count(), 1)
  await fresh.click()
  await rows.nth(2).waitFor()
  assert.equal(await fresh.count(), 0)
  assert.equal(await panel.isVisible(), true)
  await page.keyboard.press('Escape')
  await ask('held')
  await rows.nth(3).waitFor()
  assert.deepEqual(complaints, [])
})

test('a connection that breaks is made again, and what was missed is read', async () => {
  let served
  const breakable = (page) =>
    page.routeWebSocket(/\/api\/live$/, (socket) => {
      socket.connectToServer()
      served = socket
    })
  const { page, rows, complaints } = await openTail('gap', breakable)
  await served.close({ code: 1001 })
  await page.getByText('The connection broke').waitFor()
  await gateway.recorded(await ask('gap'))
  await live(page)
  await rows.first().waitFor()

  await see(page, 'hidden')
  await page.getByText('Paused while nobody looks').waitFor()
  await gateway.recorded(await ask('gap'))
  await see(page, 'visible')
  await rows.nth(1).waitFor()
  await live(page)
  assert.deepEqual(complaints, [])
})

test('without a connection the page says why, and asks four times a minute', async () => {
  const { page, rows, complaints } = await open('requests', {
    expected: (text, source) => /426/.test(text) && source.endsWith('/api/live'),
    prepare: async (page) => {
      await page.routeWebSocket(/\/api\/live$/, (socket) => socket.close())
      await page.clock.install()
    },
  })
  await page.goto(`${gateway.url}/ui/requests?live=on&model=polled-${name}`)
  await page.getByText('a proxy on the way lets no WebSocket through').waitFor()
  await gateway.recorded(await ask('polled'))
  await page.clock.fastForward(15_000)
  await rows.first().waitFor()
  assert.deepEqual(complaints, [])
})

test('a channel that changes elsewhere changes here', async (t) => {
  t.after(() => gateway.patchChannel(name, { status: 'active' }))
  const { page, complaints } = await open('channels')
  await page.getByRole('heading', { name: 'Channels' }).waitFor()
  const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) })
  await row.waitFor()
  await gateway.patchChannel(name, { status: 'paused' })
  // The edge tells of channels only while requests come.
  await ask('elsewhere')
  await row.getByText('Paused by you').waitFor()
  assert.deepEqual(complaints, [])
})

/** A request that fails in the same way on any gateway. */
function ask(word) {
  return gateway.ask(client, name, `${word}-${name}`)
}

async function openTail(word, prepare) {
  const opened = await open(`requests?model=${word}-${name}`, { prepare })
  await opened.page.getByRole('switch', { name: 'Live' }).click()
  await live(opened.page)
  assert.match(opened.page.url(), /live=on/)
  return opened
}

function live(page) {
  return page.getByText('Requests show up').waitFor()
}

/** Shows the page to somebody, or to nobody. */
function see(page, state) {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
}

async function open(path, { prepare = () => {}, expected = () => false } = {}) {
  const opened = await openPage(browser, {
    expected: (text, source) => gateway.isExpectedRefusal(text, source) || expected(text, source),
  })
  opened.page.setDefaultTimeout(12_000)
  await prepare(opened.page)
  await gateway.signIn(opened.page, path)
  return { ...opened, rows: opened.page.getByRole('table').locator('tbody tr') }
}
