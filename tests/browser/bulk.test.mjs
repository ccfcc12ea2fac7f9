// Several channels changed at once: chosen, previewed, sent one by one, taken back.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const base = gateway.freshName()
const NAMES = ['a', 'b', 'c'].map((end) => `${base}-${end}`)
let browser

before(async () => {
  browser = await launch()
  for (const name of NAMES) await gateway.addChannel(name)
})

after(async () => {
  for (const name of NAMES) await gateway.removeChannel(name)
  await browser?.close()
})

test('channels are chosen by their boxes, with Shift, and by keyboard', async () => {
  const { page, complaints } = await open()
  const [first, second, third] = NAMES.map((name) => box(page, name))
  await first.click()
  await page.getByText('1 channel chosen').waitFor()
  await third.click({ modifiers: ['Shift'] })
  await page.getByText('3 channels chosen').waitFor()
  await page.reload()
  await page.getByText('3 channels chosen').waitFor()
  assert.equal(await second.isChecked(), true, 'the address remembers what is chosen')

  await page.getByRole('button', { name: 'Choose none' }).click()
  await first.focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByText('2 channels chosen').waitFor()
  assert.equal(await second.isChecked(), true)
  await page.keyboard.press('ArrowDown')
  await page.getByText('2 channels chosen').waitFor()
  assert.equal(await third.evaluate((element) => element === document.activeElement), true)
  await page.getByRole('button', { name: 'Choose all' }).click()
  await page.getByRole('region', { name: 'Chosen channels' }).getByText(/channels chosen/).waitFor()
  assert.equal(await third.isChecked(), true)
  assert.deepEqual(complaints, [])
})

test('a change is shown before it is sent, and taken back', async () => {
  const { page, complaints } = await open()
  await choose(page, NAMES)
  const before = await Promise.all(NAMES.map(priority))
  const dialog = page.getByRole('dialog', { name: 'Change 3 channels' })

  await page.getByRole('button', { name: 'Priority…' }).click()
  await dialog.getByLabel('Priority').fill(String(before[0]))
  await line(dialog, NAMES[0]).getByText('stays as it is').waitFor()
  await dialog.getByRole('button', { name: 'Change 2 channels' }).waitFor()
  assert.deepEqual(await Promise.all(NAMES.map(priority)), before, 'nothing is sent yet')
  await dialog.getByLabel('Priority').fill('771')
  await dialog.getByRole('button', { name: 'Change 3 channels' }).click()
  await dialog.getByText('3 of 3 changed.').waitFor()
  assert.deepEqual(await Promise.all(NAMES.map(priority)), [771, 771, 771])
  await dialog.getByRole('button', { name: 'Undo' }).click()
  await dialog.getByText('3 taken back.').waitFor()
  assert.deepEqual(await Promise.all(NAMES.map(priority)), before)
  await dialog.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Models…' }).click()
  await dialog.getByLabel('Models').fill('gpt-*\n!gpt-old')
  await dialog.getByText('only these from then on').first().waitFor()
  await dialog.getByRole('button', { name: 'Change 3 channels' }).click()
  await dialog.getByText('3 of 3 changed.').waitFor()
  assert.deepEqual((await configured(NAMES[1])).models, ['gpt-*', '!gpt-old'])
  await dialog.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'To standby…' }).click()
  await dialog.getByLabel('What to change').selectOption('Remove model patterns')
  await dialog.getByLabel('Models').fill('!gpt-old')
  await dialog.getByRole('button', { name: 'Change 3 channels' }).click()
  await dialog.getByText('3 of 3 changed.').waitFor()
  assert.deepEqual((await configured(NAMES[1])).models, ['gpt-*'])
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  for (const [button, status] of [
    ['To standby…', 'paused'],
    ['Into service…', 'active'],
  ]) {
    await page.getByRole('button', { name: button }).click()
    await dialog.getByRole('button', { name: 'Change 3 channels' }).click()
    await dialog.getByText('3 of 3 changed.').waitFor()
    assert.equal((await gateway.listed(NAMES[2])).status, status)
    await dialog.getByRole('button', { name: 'Close' }).click()
  }
  assert.deepEqual(complaints, [])
})

test('a channel that somebody else has changed is left alone, and a refusal ends it', async (t) => {
  const { page } = await open()
  await choose(page, NAMES)
  await page.getByRole('button', { name: 'Priority…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Change 3 channels' })
  await dialog.getByLabel('Priority').fill('772')
  await gateway.patchChannel(NAMES[0], { weight: 5 })
  const refused = (await gateway.listed(NAMES[1])).id
  await page.route(`**/api/channels/${refused}`, (route) =>
    route.fulfill({ status: 503, json: { error: { code: 'store_unavailable', message: 'no' } } }),
  )
  t.after(() => page.close())
  await dialog.getByRole('button', { name: 'Change 3 channels' }).click()
  await line(dialog, NAMES[0]).getByText('somebody else has changed it').waitFor()
  await line(dialog, NAMES[1]).getByText('refused: The configuration cannot be stored').waitFor()
  await dialog.getByText('0 of 3 changed. It stopped there; not sent: 1.').waitFor()
  assert.notEqual(await priority(NAMES[2]), 772)
})

test('channels are deleted together after a look', async () => {
  const { page, complaints } = await open()
  await choose(page, NAMES)
  await page.getByRole('button', { name: 'Delete…', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Change 3 channels' })
  await dialog.getByText('deleted, with its keys').first().waitFor()
  await dialog.getByRole('button', { name: 'Delete 3 channels' }).click()
  await dialog.getByText('3 of 3 changed.').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  assert.equal(await gateway.listed(NAMES[0]), undefined)
  await box(page, NAMES[0]).waitFor({ state: 'detached' })
  assert.deepEqual(complaints, [])
})

async function open() {
  const { page, complaints } = await openPage(browser, { expected: gateway.isExpectedRefusal })
  await gateway.signIn(page)
  return { page, complaints }
}

async function choose(page, names) {
  for (const name of names) await box(page, name).check()
}

function box(page, name) {
  return page.getByRole('checkbox', { name: `Choose ${name}` })
}

/** A channel's line in the preview. */
function line(dialog, name) {
  return dialog.getByRole('listitem').filter({ hasText: name })
}

async function priority(name) {
  return (await gateway.listed(name)).priority
}

async function configured(name) {
  return gateway.read(`/api/channels/${(await gateway.listed(name)).id}`)
}
