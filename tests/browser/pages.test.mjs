// What holds for every page: it fits a phone, and axe finds nothing to complain about in either theme.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import axe from 'axe-core'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const PATHS = [
  'overview',
  'channels',
  'channels/new',
  'requests',
  'route',
  'usage',
  'keys',
  'connect',
  'playground',
  'settings/general',
  'settings/prices',
  'settings/backup',
  'settings/history',
  'settings/audit',
]
const name = gateway.freshName()

let browser

before(async () => {
  browser = await launch()
  await gateway.addChannel(name)
})

after(async () => {
  await gateway.removeChannel(name)
  await browser?.close()
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
  test(`every page is accessible in the ${colorScheme} theme`, async () => {
    const { page } = await openPage(browser, { colorScheme, reducedMotion: 'reduce' })
    await page.goto(`${gateway.url}/ui/`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.deepEqual(await violations(page), [], 'sign-in')

    await gateway.signIn(page)
    for (const path of PATHS) {
      await show(page, path)
      if (path === 'channels') await page.getByRole('button', { name: `Keys of ${name}` }).click()
      assert.deepEqual(await violations(page), [], path)
    }
  })
}

async function show(page, path) {
  await page.goto(`${gateway.url}/ui/${path}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
}

/** Evaluated by the debugger, which the page's content security policy does not bind. */
async function violations(page) {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate(() =>
    window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  )
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
}
