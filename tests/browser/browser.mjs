// A fresh browser that remembers everything a page complains about.

import { chromium } from 'playwright-core'

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Pages of the browser's own that are loaded with each window, beside what is tested.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
]

/** A browser of its own; `close` it when done. */
export function launch() {
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: FLAGS })
}

/**
 * A page in a fresh profile and the list of its complaints: console errors, uncaught errors, violations of the
 * content security policy. Chromium logs every 4xx answer; `expected` says which of them belong to the test.
 */
export async function openPage(browser, { expected = () => false, ...options } = {}) {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  const page = await context.newPage()
  const complaints = []
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    const { url } = message.location()
    if (!expected(message.text(), url)) complaints.push(`console: ${message.text()} (${url})`)
  })
  await page.exposeFunction('reportViolation', (text) => complaints.push(`content security policy: ${text}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.effectiveDirective} blocked ${event.blockedURI}`)
    })
  })
  return { context, page, complaints }
}
