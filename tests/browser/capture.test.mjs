// Capture of bodies: ordered, seen, stopped and deleted, in a real browser against a running gateway.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const name = gateway.freshName()
let browser
let client

before(async () => {
  browser = await launch()
  client = await gateway.addClientKey(name)
})

after(async () => {
  await browser?.close()
  await gateway.stopCapture()
  if (client) await gateway.removeClientKey(client.id)
})

test('what a key asks is captured, shown with its request, and deleted', async () => {
  const { page, complaints } = await open('settings/capture')
  await page.getByText('Nothing is being captured.').waitFor()
  const field = (label) => page.getByLabel(label, { exact: true })
  await field('Requests').fill('1000')
  await page.getByRole('button', { name: 'Start capturing' }).click()
  await page.getByText('a whole number from 1 to 500').waitFor()
  await field('Requests').fill('3')
  await field('Minutes').fill('')
  await field('Channel').selectOption({ label: 'openai' })
  await field('Client key').selectOption({ label: name })
  await field('Model').fill('mock-large')
  await page.getByRole('button', { name: 'Start capturing' }).click()
  const state = page.getByRole('region', { name: 'Capture now' })
  await state.getByText('3 more requests').waitFor()
  await state.getByText(`Channel: openai · Client key: ${name} · Model: mock-large`).waitFor()
  await page.getByRole('button', { name: 'Capture this instead' }).waitFor()

  const id = await gateway.captured(client.key)
  await state.getByText(/\d requests? kept/).waitFor()
  await state.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByText('Nothing is being captured.').waitFor()

  await page.goto(`${gateway.url}/ui/requests?clientKey=${client.id}&q=${id}`)
  await page.getByRole('row').getByText('captured').waitFor()
  await page.getByRole('table').getByRole('link').click()
  await page.getByText('Prompts and answers', { exact: true }).click()
  await page.getByText('This is what somebody asked').waitFor()
  const asked = page.getByRole('region', { name: 'The client asked', exact: true })
  await asked.getByText('POST /v1/chat/completions').waitFor()
  assert.match(await asked.getByRole('region').innerText(), /^\{\n {2}"model": "mock-large",/)
  await asked.getByText(/^\d+ headers?$/).click()
  await asked.getByText('content-type: application/json').waitFor()
  await page.getByRole('region', { name: 'Answered by openai', exact: true }).getByText('200').waitFor()
  await page.getByText('The same body as the last answer above.').waitFor()
  assert.doesNotMatch(await page.content(), new RegExp(client.key))

  await page.goto(`${gateway.url}/ui/settings/capture`)
  await page.getByRole('button', { name: 'Stop and delete all' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop and delete all' }).click()
  await page.getByText('Nothing is kept.').waitFor()
  await page.goto(`${gateway.url}/ui/requests/${id}`)
  await page.getByText('Details').waitFor()
  assert.deepEqual(complaints, [])
})

async function open(path) {
  const opened = await openPage(browser, { expected: gateway.isExpectedRefusal })
  opened.page.setDefaultTimeout(20_000)
  await gateway.signIn(opened.page, path)
  return opened
}
