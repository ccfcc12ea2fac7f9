// Prints how long a browser on a CPU slowed to a quarter takes to show the first of a hundred channels, signed in and
// with nothing cached: `node tests/browser/first-row.mjs`, against CAUSEWAY_URL. The budget is 600 ms. A figure depends
// on the machine and on what else it does, so nothing fails by it.

import { launch } from './browser.mjs'
import * as gateway from './gateway.mjs'

const CHANNELS = 100
const RUNS = 9
const SLOWED = 4
const base = gateway.freshName()
const names = Array.from({ length: CHANNELS }, (_, index) => `${base}-${index}`)
const browser = await launch()

try {
  for (const name of names) await gateway.addChannel(name)
  const storageState = await signedIn()
  const shown = []
  for (let run = 0; run < RUNS; run += 1) shown.push(await firstRow(storageState))
  const best = Math.round(Math.min(...shown))
  console.log(`first row of ${CHANNELS}, slowed ${SLOWED} times: ${middle(shown)} ms, at best ${best} ms, of 600 ms`)
} finally {
  for (const name of names) await gateway.removeChannel(name)
  await browser.close()
}

function middle(values) {
  return Math.round(values.toSorted((a, b) => a - b)[(values.length - 1) / 2])
}

/** What a browser keeps of somebody who signed in. */
async function signedIn() {
  const context = await browser.newContext()
  await gateway.signIn(await context.newPage())
  const state = await context.storageState()
  await context.close()
  return state
}

/** When the browser presented the name of the first channel, by its own record, in milliseconds. */
async function firstRow(storageState) {
  const context = await browser.newContext({ storageState, viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const debug = await context.newCDPSession(page)
  await debug.send('Emulation.setCPUThrottlingRate', { rate: SLOWED })
  await page.addInitScript(() => {
    window.firstRow = new Promise((resolve) => {
      new PerformanceObserver((list) => resolve(list.getEntries()[0].renderTime)).observe({ type: 'element' })
      // Marked as it is put in, before it is painted.
      const mark = () => document.querySelector('#content li a')?.setAttribute('elementtiming', 'first row')
      new MutationObserver(mark).observe(document, { childList: true, subtree: true })
    })
  })
  await page.goto(`${gateway.url}/ui/channels`, { waitUntil: 'commit' })
  // Asked by the protocol itself: Playwright would first load a script of its own into the page.
  const { result: shown } = await debug.send('Runtime.evaluate', { expression: 'firstRow', awaitPromise: true })
  await context.close()
  return shown.value
}
