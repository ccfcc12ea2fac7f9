// The playground, the palette and the shortcuts, in a real browser against a running gateway.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

let browser

before(async () => {
  browser = await launch()
})

after(() => browser?.close())

/** Chromium also logs what the gateway refuses to clients. */
const expected = (text, source) =>
  gateway.isExpectedRefusal(text, source) || (/status of 4/.test(text) && /\/v1\w*\//.test(source))

async function open(path) {
  const opened = await openPage(browser, { expected })
  await gateway.signIn(opened.page, path)
  return opened
}

for (const [protocol, channel] of [
  ['messages', 'anthropic'],
  ['chat', 'openai'],
  ['responses', 'openai'],
  ['gemini', 'google'],
]) {
  test(`a conversation in ${protocol} streams, comes whole, and leads to its record`, async () => {
    const { page, complaints } = await open('playground')
    await page.getByLabel('Client key').fill(gateway.key)
    await page.getByLabel('Protocol').selectOption(protocol)
    await page.getByLabel('Channel', { exact: true }).selectOption({ label: channel })
    await page.getByLabel('Model').fill('mock-large')
    await page.getByLabel('Message').fill('Say hello.')
    await page.getByRole('button', { name: 'Send' }).click()
    const records = page.getByRole('link', { name: 'Open its record' })
    await records.waitFor()
    await page.getByText(/\d+ tokens out/).waitFor()
    await page.getByRole('listitem').getByText(channel, { exact: true }).waitFor()

    await page.getByLabel('Stream the answer').uncheck()
    await page.getByText('System prompt').first().click()
    await page.getByLabel('System prompt').fill('Be short.')
    await page.getByLabel('Message').fill('And again.')
    await page.keyboard.press('Enter')
    await records.nth(1).waitFor()
    await page.getByText('What went over the wire').nth(1).click()
    await page.getByText('Be short.').last().waitFor()
    assert.match(page.url(), new RegExp(`protocol=${protocol}.*model=mock-large.*stream=off`))
    assert.ok(!page.url().includes(gateway.key), 'the key is in no address')

    await page.getByRole('button', { name: 'New conversation' }).click()
    await page.getByText('Nothing asked yet.').waitFor()
    assert.deepEqual(complaints, [])
  })
}

test('images are seen, vectors counted', async () => {
  const { page, complaints } = await open('playground?protocol=images&model=gpt-image-2')
  await page.getByLabel('Client key').fill(gateway.key)
  await page.getByLabel('Message').fill('A stone causeway at low tide')
  await page.getByRole('button', { name: 'Send' }).click()
  const image = page.getByRole('img', { name: 'The image that was made' })
  await image.waitFor()
  assert.ok(await image.evaluate((img) => img.naturalWidth > 0), 'it can be seen')
  assert.equal(await page.getByLabel('Stream the answer').count(), 0)

  await page.getByLabel('Protocol').selectOption('embeddings')
  await page.getByLabel('Model').fill('text-embedding-3-small')
  await page.getByLabel('Message').fill('Hello')
  await page.keyboard.press('Enter')
  await page.getByText(/A vector of \d+ numbers:/).waitFor()
  assert.deepEqual(complaints, [])
})

test('thinking and tool calls are shown, a stream is stopped, a refusal is told', async (t) => {
  const reply = {
    text: 'one two three four five six seven eight nine ten',
    thinking: 'Let me think.',
    tool: { name: 'weather', arguments: { city: 'Bern' } },
  }
  t.after(() => gateway.behave('anthropic', {}))
  await gateway.behave('anthropic', { reply })
  const { page, complaints } = await open('playground?protocol=messages&model=mock-large&thinking=on&tool=on')
  await page.getByText('Enter a client key').waitFor()
  await page.getByLabel('Client key').fill('not a key of this gateway')
  await page.getByLabel('Message').fill('Hello')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: '401' }).waitFor()

  await page.getByLabel('Client key').fill(gateway.key)
  await page.getByLabel('Message').fill('Hello')
  await page.keyboard.press('Enter')
  await page.getByText('"city": "Bern"').waitFor()
  await page.getByText('Thinking', { exact: true }).click()
  await page.getByText('Let me think.').waitFor()

  await gateway.behave('anthropic', { reply: { ...reply, delayMs: 400 } })
  await page.getByLabel('Message').fill('Slowly')
  await page.keyboard.press('Enter')
  await page.getByText('More is coming…').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('You stopped it here.').waitFor()
  assert.deepEqual(complaints, [])
})

test('the playground makes itself a key for an hour, and never a second one', async (t) => {
  t.after(() => gateway.removeClientKeyNamed('Playground'))
  const { page, complaints } = await open('playground?protocol=chat&channel=&model=mock-large')
  for (let round = 0; round < 2; round += 1) {
    await page.getByRole('button', { name: 'Make one for an hour' }).click()
    await page.getByLabel('Message').fill('Hello')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('link', { name: 'Open its record' }).waitFor()
    await page.reload()
  }
  const { clientKeys } = await gateway.read('/api/client-keys')
  assert.equal(clientKeys.filter(({ name }) => name === 'Playground').length, 1)
  assert.deepEqual(complaints, [])
})

test('the palette finds pages, channels and actions by keyboard alone', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  await gateway.addChannel(name)
  const { page, complaints } = await open('channels')
  const field = page.getByRole('combobox', { name: 'Find anything' })
  const find = async (text) => {
    await page.keyboard.press('Control+k')
    await field.fill(text)
  }

  await find('prices')
  await page.keyboard.press('Enter')
  await page.getByRole('searchbox', { name: 'Find a model' }).waitFor()
  await page.locator('main').focus()
  await page.keyboard.press('/')
  await page.keyboard.type('opus')
  await page.waitForURL(/q=opus/)

  await find(name)
  await page.getByRole('option', { name }).click()
  await page.getByRole('heading', { name: `Edit ${name}` }).waitFor()
  await find('theme dark')
  await page.keyboard.press('Enter')
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
  await find('nothing is called that')
  await page.getByText('Nothing is called that.').waitFor()
  await page.keyboard.press('Escape')
  await field.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Find anything' }).click()
  await field.fill('over')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  assert.deepEqual(complaints, [])
})

test('shortcuts of a single letter can be looked up and turned off', async () => {
  const { page, complaints } = await open('overview')
  await page.getByRole('heading', { level: 1 }).waitFor()
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await press('g', 'k')
  await page.getByRole('heading', { name: 'Keys', level: 1 }).waitFor()
  await press('?')
  const sheet = page.getByRole('dialog', { name: 'Shortcuts' })
  await sheet.getByText('Go to: Keys').waitFor()
  await sheet.getByLabel('Shortcuts without Ctrl are on').uncheck()
  await sheet.getByRole('button', { name: 'Close' }).click()
  await sheet.waitFor({ state: 'detached' })
  await press('g', 's', '?')
  assert.equal(await sheet.count(), 0)
  assert.match(page.url(), /\/ui\/keys$/)
  assert.deepEqual(complaints, [])
})
