// What holds for every page: it fits a phone, and axe finds nothing to complain about, whatever the theme and the language.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from './accessible.mjs'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const PATHS = [
  'route?model=gpt-4o',
  'usage?by=channel&show=tokens&since=1700000000000&until=1900000000000',
  'overview',
  'channels',
  'channels/new',
  'requests',
  'requests/sessions',
  'route',
  'usage',
  'keys',
  'keys/new',
  'connect',
  'playground',
  'settings/general',
  'settings/prices',
  'settings/backup',
  'settings/capture',
  'settings/history',
  'settings/audit',
]
const name = gateway.freshName()

let browser
let client

before(async () => {
  browser = await launch()
  await gateway.addChannel(name)
  client = await gateway.addClientKey(name)
  const request = await gateway.ask(client, name, 'gpt-4o')
  await gateway.recorded(request)
  PATHS.push(`requests/${request}`)
})

after(async () => {
  await browser?.close()
  if (client) await gateway.removeClientKey(client.id)
  await gateway.removeChannel(name)
})

test('no page scrolls sideways on a phone', async () => {
  const { page, complaints } = await openPage(browser, {
    expected: gateway.isExpectedRefusal,
    viewport: { width: 320, height: 640 },
  })
  await gateway.signIn(page)
  for (const path of PATHS) {
    await show(page, path)
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(excess <= 0, `${path} is ${excess} px too wide`)
  }
  assert.deepEqual(complaints, [])
})

for (const colorScheme of ['light', 'dark']) {
  for (const [language, locale] of [
    ['English', 'en-GB'],
    ['Chinese', 'zh-CN'],
  ]) {
    test(`every page is accessible in the ${colorScheme} theme in ${language}`, async () => {
      const { page } = await openPage(browser, { colorScheme, locale, reducedMotion: 'reduce' })
      await page.goto(`${gateway.url}/ui/`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      assert.deepEqual(await violations(page), [], 'sign-in')

      await gateway.enterKey(page)
      for (const path of PATHS) {
        await show(page, path)
        if (path === 'channels') await page.locator(`button[aria-expanded][aria-label*="${name}"]`).first().click()
        assert.deepEqual(await violations(page), [], path)
      }
    })
  }
}

async function show(page, path) {
  await page.goto(`${gateway.url}/ui/${path}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
}
