// What pages show only after something was done is accessible too, whatever the theme and the language; and it fits a phone.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { violations } from './accessible.mjs'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const name = gateway.freshName()
const STANDBY = `${name}-on-standby`
let browser

before(async () => {
  browser = await launch()
  await gateway.addChannel(name)
  await gateway.addChannel(STANDBY, [])
  await gateway.patchChannel(STANDBY, { status: 'paused' })
  await gateway.addClientKey(name, {
    models: ['a-model-with-a-rather-long-name-*'],
    limits: { requestsPerMinute: 60, tokensPerMinute: 100_000, concurrency: 4 },
    budgets: [
      { period: 'day', tokens: 1_000_000 },
      { period: 'month', costMicros: 25_000_000 },
    ],
    expiresAt: Date.now() + 86_400_000,
  })
})

after(async () => {
  await browser?.close()
  await gateway.stopCapture()
  await gateway.removeClientKeyNamed(name)
  await gateway.removeChannel(name)
  await gateway.removeChannel(STANDBY)
})

/** Each shows something by what it does; in no language's words. */
const STATES = {
  'a form that was refused': async (page) => {
    await show(page, 'keys/new')
    await page.locator('fieldset .button.small').first().click()
    await page.locator('fieldset input[inputmode=decimal]').fill('much')
    await page.locator('details summary').click()
    await page.locator('button[type=submit]').click()
    await page.locator('[aria-invalid=true]').first().waitFor()
  },
  'a secret that is shown once': async (page) => {
    await show(page, 'keys')
    await page.locator('tr', { hasText: name }).locator('[aria-haspopup=menu]').click()
    await page.getByRole('menuitem').nth(2).click()
    await page.locator('dialog .button.danger').click()
    await page.locator('#fresh-title').waitFor()
  },
  'the wait for a first request': async (page) => {
    const { id } = await gateway.clientKey(name)
    await show(page, `connect?key=${id}&client=opencode`)
    await page.locator('.lamp').waitFor()
  },
  'channels on standby': async (page) => {
    await show(page, 'channels')
    await page.getByRole('link', { name: STANDBY, exact: true }).waitFor()
  },
  'a key being replaced': async (page) => {
    const { id } = await gateway.listed(name)
    await show(page, `channels?keys=${id}&chosen=${id}`)
    await page.locator('.panel li .button').first().click()
    await page.locator('.panel input[type=password]').waitFor()
  },
  'a change for several channels': async (page) => {
    const { id } = await gateway.listed(name)
    await show(page, `channels?chosen=${id}&change=addModels`)
    await page.locator('dialog textarea').fill(`${gateway.freshName()}-*`)
    await page.locator('dialog ins').waitFor()
  },
  'what became of it': async (page) => {
    await page.locator('dialog button[type=submit]').click()
    await page.locator('dialog .done').waitFor()
  },
  'a setting that was refused': async (page) => {
    await show(page, 'settings/general')
    await page.locator('form input').first().fill('soon')
    await page.locator('button[type=submit]').click()
    await page.locator('[aria-invalid=true]').waitFor()
  },
  'a price being set': async (page) => {
    await show(page, 'settings/prices?edit=new')
    await page.locator('dialog summary').click()
  },
  'an import of prices': async (page) => {
    await show(page, 'settings/prices?import=1')
    await page.locator('dialog textarea').fill('model,input,colour\nmy-model,1,red')
    await page.locator('dialog ins').waitFor()
  },
  'what an import would change': async (page) => {
    await show(page, 'settings/backup')
    const file = new URL('../fixtures/import/litellm/config.json', import.meta.url)
    await page.locator('section textarea').fill(await readFile(file, 'utf8'))
    await page.locator('form .button.primary').click()
    await page.locator('#plan-title').waitFor()
  },
  'a change in the history': async (page) => {
    await show(page, 'settings/history')
    await page.locator('li summary').first().click()
  },
  'an answer in the playground': async (page) => {
    await show(page, 'playground?protocol=messages&model=mock-large&thinking=on')
    await page.locator('input[type=password]').fill(gateway.key)
    await page.locator('form textarea').fill('Hello')
    await page.keyboard.press('Enter')
    await page.locator('footer summary').click()
  },
  'requests that came in while another was open': async (page) => {
    const model = `mock-${name}`
    await show(page, `requests?live=on&model=${model}`)
    await page.locator('.good[aria-checked=true]').waitFor()
    await gateway.greet(gateway.key, model)
    await page.locator('tbody a, ul.card li a').first().click()
    await gateway.greet(gateway.key, model)
    await page.locator('.fresh .button').waitFor({ state: 'attached' })
  },
  'a capture that goes on': async (page) => {
    await gateway.written('POST', '/api/capture', { requests: 500, filter: { model: 'mock-large' } })
    await show(page, 'settings/capture')
    await page.locator('.order .button').waitFor()
  },
  'what was captured': async (page) => {
    const id = await gateway.captured(gateway.key)
    await show(page, `requests/${id}`)
    await page.locator('section > details > summary').first().click()
    await page.locator('section section details > summary').first().click()
  },
  'the palette': async (page) => {
    await show(page, 'overview')
    await page.keyboard.press('Control+k')
    await page.getByRole('option').first().waitFor()
  },
  'the sheet of shortcuts': async (page) => {
    await show(page, 'overview')
    await page.keyboard.press('?')
    await page.locator('dialog kbd').first().waitFor()
  },

  async 'what is no longer there'(page) {
    await show(page, 'channels/ch_000000000000')
  },

  // The last one: without a network, none of the others would load.
  async offline(page) {
    await show(page, 'channels')
    await page.context().setOffline(true)
    await page.getByRole('alert').waitFor()
  },
}

for (const colorScheme of ['light', 'dark'])
  for (const locale of ['en-GB', 'zh-CN'])
    test(`what was done is shown accessibly: ${colorScheme}, ${locale}`, async () => {
      const { page } = await openPage(browser, { colorScheme, locale, reducedMotion: 'reduce' })
      await session(page)
      for (const [state, reach] of Object.entries(STATES)) {
        await reach(page)
        assert.deepEqual(await violations(page), [], state)
      }
    })

test('nothing that is shown scrolls sideways on a phone', async () => {
  const { page } = await openPage(browser, { viewport: { width: 320, height: 640 } })
  await session(page)
  for (const [state, reach] of Object.entries(STATES)) {
    await reach(page)
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(excess <= 0, `${state} is ${excess} px too wide`)
  }
})

async function show(page, path) {
  await page.goto(`${gateway.url}/ui/${path}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
}

/** The cookie alone: the sign-in has its own tests. */
async function session(page) {
  // A form that was filled in asks before it is left.
  page.on('dialog', (dialog) => dialog.accept())
  const options = { data: { key: gateway.adminKey }, headers: { origin: gateway.url } }
  const answer = await page.context().request.post(`${gateway.url}/api/session`, options)
  assert.ok(answer.ok(), `the session was refused: ${answer.status()}`)
}
