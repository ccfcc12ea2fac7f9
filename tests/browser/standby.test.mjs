// Channels that are paused by hand stand below those in service, and come back from there.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import { eventually } from './eventually.mjs'
import * as gateway from './gateway.mjs'

const base = gateway.freshName()
const [FIRST, SECOND, THIRD] = ['a', 'b', 'c'].map((end) => `${base}-${end}`)
const NAMES = [FIRST, SECOND, THIRD]
let browser
/** The priorities of the channels that were there, which an order changes. */
let priorities

before(async () => {
  browser = await launch()
  const { channels } = await gateway.read('/api/channels')
  priorities = channels.map(({ name, priority }) => [name, priority])
  for (const name of NAMES) await gateway.addChannel(name)
  const { channels: all } = await gateway.read('/api/channels')
  // Each has a place of its own from here on.
  await gateway.written('POST', '/api/channels/reorder', { ids: all.map(({ id }) => id) })
})

after(async () => {
  await browser?.close()
  for (const name of NAMES) await gateway.removeChannel(name)
  await gateway.removeChannel(`${FIRST}-2`)
  for (const [name, priority] of priorities ?? []) await gateway.patchChannel(name, { priority })
})

test('a channel goes to standby, is changed there, and comes back into service', async () => {
  const { page, complaints } = await open()
  await choose(page, FIRST, 'Move to standby')
  const row = rowIn(standby(page), FIRST)
  await row.getByText('Paused by you').waitFor()
  assert.equal((await gateway.listed(FIRST)).status, 'paused')
  assert.equal(await rowIn(service(page), FIRST).count(), 0)

  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await rowIn(service(page), FIRST).waitFor()
  assert.equal((await gateway.listed(FIRST)).status, 'active')

  await rowIn(service(page), FIRST).getByRole('button', { name: `Move to standby: ${FIRST}` }).press('Enter')
  await row.waitFor()
  const enter = row.getByRole('button', { name: `Bring into service: ${FIRST}` })
  await eventually(() => enter.evaluate((element) => element === document.activeElement))

  await row.getByRole('button', { name: `Keys of ${FIRST}` }).click()
  await row.getByText('team').waitFor()
  await row.getByRole('button', { name: /^Delete key/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete key' }).click()
  await row.getByText('No usable key').waitFor()

  await choose(page, FIRST, 'Duplicate')
  const copy = rowIn(standby(page), `${FIRST}-2`)
  await copy.waitFor()
  await choose(page, `${FIRST}-2`, 'Delete…')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete channel' }).click()
  await copy.waitFor({ state: 'detached' })

  await enter.click()
  await rowIn(service(page), FIRST).waitFor()
  assert.equal((await gateway.listed(FIRST)).status, 'active')
  await choose(page, FIRST, `Edit ${FIRST}`)
  await page.getByRole('heading', { name: `Edit ${FIRST}` }).waitFor()
  assert.deepEqual(complaints, [])
})

test('channels take places only among those in service', async () => {
  await gateway.patchChannel(SECOND, { status: 'paused' })
  const { page, complaints } = await open()
  await rowIn(standby(page), SECOND).waitFor()
  const menu = await menuOf(page, SECOND)
  assert.equal(await menu.getByRole('menuitem', { name: 'Move up' }).count(), 0)
  await page.keyboard.press('Escape')

  const { channels } = await gateway.read('/api/channels')
  const count = channels.filter(({ status }) => status === 'active').length
  await choose(page, THIRD, 'Move up')
  const told = page.getByRole('status').filter({ hasText: `${THIRD} is now ${count - 1} of ${count}.` })
  await told.waitFor()
  assert.deepEqual(await order(), [THIRD, FIRST, SECOND], 'who waits comes last')
  await told.getByRole('button', { name: 'Undo' }).click()
  await eventually(async () => (await order()).join() === NAMES.join())

  await rowIn(service(page), THIRD).locator('.grip').dragTo(rowIn(service(page), FIRST))
  await told.waitFor()
  assert.deepEqual(await order(), [THIRD, FIRST, SECOND])
  assert.deepEqual(complaints, [])
})

test('the page says so when no channel is in service', async () => {
  const { page } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await page.route('**/api/channels', async (route) => {
    const response = await route.fetch()
    if (!response.ok()) return route.fulfill({ response })
    const { channels } = await response.json()
    return route.fulfill({ json: { channels: channels.map((channel) => ({ ...channel, status: 'paused' })) } })
  })
  await gateway.signIn(page)
  await page.getByText('No channel is in service.').waitFor()
  await page.getByText('every request is turned away').waitFor()
  await rowIn(standby(page), FIRST).waitFor()
})

async function open() {
  const opened = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(opened.page)
  return opened
}

function service(page) {
  return page.getByRole('list', { name: 'In service' })
}

function standby(page) {
  return page.getByRole('region', { name: /^Standby/ })
}

function rowIn(list, name) {
  return list.getByRole('listitem').filter({ has: list.page().getByRole('link', { name, exact: true }) })
}

async function menuOf(page, name) {
  await page.getByRole('button', { name: `More actions for ${name}`, exact: true }).click()
  return page.getByRole('menu', { name: `More actions for ${name}` })
}

async function choose(page, name, action) {
  const menu = await menuOf(page, name)
  await menu.getByRole('menuitem', { name: action, exact: true }).click()
}

/** The channels of this test as they are listed. */
async function order() {
  const { channels } = await gateway.read('/api/channels')
  return channels.map(({ name }) => name).filter((name) => NAMES.includes(name))
}
