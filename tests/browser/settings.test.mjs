// Settings, prices, backup, history and audit, in a real browser against a running gateway.
// Each test puts back what it changes.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import { eventually } from './eventually.mjs'
import * as gateway from './gateway.mjs'

let browser

before(async () => {
  browser = await launch()
})

after(() => browser?.close())

async function open(path, options = {}) {
  const opened = await openPage(browser, { expected: gateway.isExpectedRefusal, ...options })
  await gateway.signIn(opened.page, path)
  return opened
}

test('a setting is changed, refused, reset, and survives a change elsewhere', async (t) => {
  const { settings: before } = await gateway.read('/api/settings')
  t.after(() => gateway.written('PUT', '/api/settings', before))
  await gateway.written('PUT', '/api/settings', {})
  const { page, complaints } = await open('settings/general')
  const field = (name) => page.getByRole('textbox', { name, exact: true })

  await field('Silence').fill('soon')
  await page.getByText('1 change is not saved.').waitFor()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('Enter a number such as 30').waitFor()
  await field('Silence').fill('0.5')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('is not between 1000 and').waitFor()
  await field('Silence').fill('45')
  await field('Failure rate').fill('60')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('The settings are saved.').waitFor()
  const { settings } = await gateway.read('/api/settings')
  assert.deepEqual(settings, { timeouts: { idleTimeoutMs: 45_000 }, breaker: { failureRate: 0.6 } })

  await gateway.written('PUT', '/api/settings', { ...settings, maxAttempts: 7 })
  await page.getByRole('button', { name: 'Reset: Failure rate' }).click()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('Somebody changed the settings').waitFor()
  // That the settings are saved still stands there from the first time.
  const saved = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.ok())
  await page.getByRole('button', { name: 'Save my changes too' }).click()
  await saved
  await eventually(async () => (await field('Attempts').inputValue()) === '7')
  assert.deepEqual((await gateway.read('/api/settings')).settings, {
    timeouts: { idleTimeoutMs: 45_000 },
    maxAttempts: 7,
  })

  await field('Connect').fill('3')
  await page.getByRole('button', { name: 'Discard' }).click()
  assert.equal(await field('Connect').inputValue(), '')
  assert.deepEqual(complaints, [])
})

test('a price is set, changed, removed, and many are imported', async (t) => {
  const { prices: before } = await gateway.read('/api/prices')
  t.after(() => gateway.written('PUT', '/api/prices', { prices: before }))
  const { page, complaints } = await open('settings/prices')
  const model = gateway.freshName()
  const row = page.getByRole('row').filter({ hasText: model })
  const own = async () => (await gateway.read('/api/prices')).prices.filter((price) => price.model === model)

  await page.getByRole('button', { name: 'Set a price' }).click()
  await page.getByLabel('Model', { exact: true }).fill(model)
  await page.getByLabel('Input', { exact: true }).fill('much')
  await page.getByRole('button', { name: 'Save price' }).click()
  await page.getByText('Enter a number such as 30').waitFor()
  await page.getByLabel('Input', { exact: true }).fill('0.5')
  await page.getByLabel('Output', { exact: true }).fill('2')
  await page.getByText('More', { exact: true }).click()
  await page.getByLabel('Page that says so').fill('https://example.com/prices')
  await page.getByRole('button', { name: 'Save price' }).click()
  await row.getByText('yours').waitFor()
  assert.deepEqual(await own(), [{ model, input: 0.5, output: 2, source: 'https://example.com/prices' }])

  await page.getByRole('searchbox', { name: 'Find a model' }).fill(model)
  await page.getByText('1 price', { exact: true }).waitFor()
  await page.waitForURL(new RegExp(`q=${model}`))
  await page.getByRole('button', { name: `Edit: ${model}` }).click()
  await page.getByLabel('Output', { exact: true }).fill('3')
  await page.getByRole('button', { name: 'Save price' }).click()
  await row.getByText('3', { exact: true }).waitFor()
  await page.getByRole('button', { name: `Remove: ${model}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No model of that name has a price.').waitFor()
  assert.deepEqual(await own(), [])

  await page.getByRole('button', { name: 'Import…' }).click()
  await page.getByLabel('Prices', { exact: true }).fill('words')
  await page.getByText('This is neither JSON').waitFor()
  await page.getByLabel('Prices', { exact: true }).fill(`model,input,output,colour\n${model},1,4,red`)
  await page.getByText('1 new, 0 changed, 0 as before.').waitFor()
  await page.getByText('Columns that mean nothing here: colour.').waitFor()
  await page.getByRole('button', { name: 'Store them' }).click()
  await row.getByText('yours').waitFor()
  assert.deepEqual(await own(), [{ model, input: 1, output: 4 }])
  await page.getByLabel('Only models in use').check()
  await row.waitFor({ state: 'detached' })
  await page.goBack()
  await row.waitFor()
  assert.deepEqual(complaints, [])
})

test('an export without credentials has none, and a sealed one asks for its passphrase', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  await gateway.addChannel(name)
  const { page, complaints } = await open('settings/backup', { acceptDownloads: true })
  const taken = async (button) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button, exact: true }).click(),
    ])
    return readFile(await download.path(), 'utf8')
  }

  const plain = await taken('Download')
  assert.ok(JSON.parse(plain).config.channels.some((channel) => channel.name === name))
  assert.doesNotMatch(plain, /sk-browser-test/)

  await page.getByLabel('Passphrase', { exact: true }).fill('short')
  await page.getByLabel('Once more').fill('other')
  await page.getByRole('button', { name: 'Download sealed' }).click()
  await page.getByText('The two do not match.').waitFor()
  await page.getByLabel('Once more').fill('short')
  await page.getByRole('button', { name: 'Download sealed' }).click()
  await page.getByText('Use at least 12 characters.').waitFor()
  await page.getByLabel('Passphrase', { exact: true }).fill('a bridge over still water')
  await page.getByLabel('Once more').fill('a bridge over still water')
  const sealed = await taken('Download sealed')
  assert.doesNotMatch(sealed, /sk-browser-test/)
  await gateway.removeChannel(name)

  const text = page.getByRole('textbox', { name: 'Its text' })
  await text.fill(sealed)
  await page.getByText('The file is sealed.').waitFor()
  await page.getByLabel('Passphrase', { exact: true }).last().fill('not the right passphrase')
  await page.getByRole('button', { name: 'Show what would change' }).click()
  await page.getByText('The file cannot be imported').waitFor()
  await page.getByLabel('Passphrase', { exact: true }).last().fill('a bridge over still water')
  await page.getByRole('button', { name: 'Show what would change' }).click()
  await page.getByRole('heading', { name: '1 added, 0 changed, 0 removed' }).waitFor()
  assert.equal(await gateway.listed(name), undefined, 'a look changes nothing')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('1 change is applied.').waitFor()
  assert.ok(await gateway.listed(name))
  assert.deepEqual(complaints, [])
})

test('a file of another gateway is looked at first, and what does not come over is told', async () => {
  const { page, complaints } = await open('settings/backup')
  const file = new URL('../fixtures/import/litellm/config.json', import.meta.url)
  await page.getByRole('textbox', { name: 'Its text' }).fill('no JSON')
  await page.getByRole('button', { name: 'Show what would change' }).click()
  await page.getByText('This is not JSON.').waitFor()
  await page.getByLabel('A file').setInputFiles(file.pathname)
  await page.getByLabel('What is not in the file').selectOption('replace')
  await page.getByText('Afterwards there is what the file says').waitFor()
  await page.getByLabel('What is not in the file').selectOption('merge')
  await page.getByLabel('Made by').selectOption('one-api')
  await page.getByRole('button', { name: 'Show what would change' }).click()
  await page.getByText('The file cannot be imported').waitFor()
  await page.getByLabel('Made by').selectOption('litellm')
  await page.getByRole('button', { name: 'Show what would change' }).click()
  await page.getByRole('heading', { name: /added, .* changed, 0 removed/ }).waitFor()
  await page.getByText(/things? (do|does) not come over/).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('heading', { name: /added/ }).waitFor({ state: 'detached' })
  assert.equal(await gateway.listed('groq'), undefined)
  assert.deepEqual(complaints, [])
})

test('the history shows what changed and goes back; the audit tells of both', async (t) => {
  const name = gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  await gateway.addChannel(name)
  await gateway.patchChannel(name, { weight: 5 })
  const { page, complaints } = await open('settings/history')
  const entries = page.getByRole('listitem').filter({ hasText: name })
  const changed = entries.filter({ hasText: 'Changed a channel' })
  const added = entries.filter({ hasText: 'Added a channel' })

  await changed.getByText('in force').waitFor()
  await changed.getByText('Show the change').click()
  await changed.getByText('weight', { exact: true }).waitFor()
  assert.doesNotMatch(await page.content(), /sk-browser-test/, 'secrets are masked')

  await added.getByRole('button', { name: /^Go back to this/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  assert.equal((await gateway.listed(name)).weight, 5)
  await added.getByRole('button', { name: /^Go back to this/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Go back' }).click()
  await page.getByText('The earlier version is in force again.').waitFor()
  assert.equal((await gateway.listed(name)).weight, 1)

  await page.getByRole('link', { name: 'Audit' }).click()
  await page.getByRole('listitem').filter({ hasText: 'Put an earlier version in force' }).first().waitFor()
  await page.getByLabel('Up to').fill('2020-01-01')
  await page.getByText('No write is recorded here.').waitFor()
  assert.match(page.url(), /until=2020-01-01/)
  assert.deepEqual(complaints, [])
})
