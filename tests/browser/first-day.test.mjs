// An operator's first day: from a curl line to an answer that is explained, and from a key that is refused to one that
// is taken. With SCREENSHOTS=folder it writes the pictures of docs/first-day.md there; they want a gateway that is empty.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from './browser.mjs'
import * as gateway from './gateway.mjs'

const { SCREENSHOTS: folder } = process.env
const ANSWER = 'Hello! What shall we build today?'
const GOOD = 'sk-ant-api03-first-day-4kXw9TzQ'
const REVOKED = 'sk-ant-api03-revoked-8Vb2KqLm'
const REPLACED = 'sk-ant-api03-replaced-Yd1HfGj7'
let browser

before(async () => {
  browser = await launch()
})

after(() => browser?.close())

test('a first channel answers a first client, and a refused key is found and replaced', async (t) => {
  const name = folder ? 'anthropic' : gateway.freshName()
  t.after(() => gateway.removeChannel(name))
  const { channels } = await gateway.read('/api/channels')
  const refuse = { default: { do: { status: { code: 401, message: 'invalid x-api-key' } } } }
  const answer = { text: ANSWER, delayMs: 20, tool: { name: '', arguments: {} } }
  await gateway.behave(name, { reply: answer }, { [REVOKED]: refuse })
  const { page, complaints } = await openPage(browser, {
    expected: gateway.isExpectedRefusal,
    permissions: ['clipboard-read', 'clipboard-write'],
    viewport: { width: 1280, height: 800 },
  })
  const shot = picture(page)

  await gateway.signIn(page, 'overview')
  if (channels.length === 0) await page.getByRole('heading', { name: 'Three steps' }).waitFor()
  else await page.getByRole('link', { name: 'Channels', exact: true }).click()
  await shot('1-steps')
  await page.getByRole('link', { name: 'Add channel' }).click()

  await page.getByLabel('Anything that names an address and a key').focus()
  await paste(page, curl(gateway.laneUrl(name)))
  await page.getByText('The form below is filled in').waitFor()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await shot('2-paste')
  await page.getByRole('button', { name: 'Add and test' }).click()
  const results = page.getByRole('region', { name: `Test of ${name}` })
  await results.getByText('All 4 checks passed.').waitFor()
  await shot('3-tested')

  await results.getByRole('link', { name: 'Connect a client' }).click()
  await page.getByRole('button', { name: 'Make a key for Claude Code' }).click()
  const snippet = page.getByRole('tabpanel', { name: 'Claude Code' })
  await snippet.getByText(/ANTHROPIC_AUTH_TOKEN=cw-/).waitFor()
  const client = environment(await snippet.locator('pre').innerText())
  const made = await page.getByLabel('Wait for a request of').inputValue()
  t.after(() => gateway.removeClientKey(made))
  assert.equal(client.ANTHROPIC_BASE_URL, gateway.url)

  const request = await say('Hello', client, name)
  await gateway.recorded(request)
  await page.getByText('It works: a request came and was served.').waitFor()
  await shot('4-connect')

  await page.getByRole('link', { name: 'Open the request' }).click()
  const story = page.getByRole('region', { name: 'Request', exact: true })
  await story.getByText(`${name}: served after`).waitFor()
  await story.getByRole('link', { name: /^Claude Code/ }).waitFor()
  await shot('5-request')

  await page.getByRole('link', { name: 'Channels', exact: true }).click()
  const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) })
  await row.getByRole('button', { name: `Keys of ${name}` }).click()
  await row.getByRole('button', { name: 'Add key' }).click()
  await row.getByLabel('New key').fill(REVOKED)
  await row.getByRole('button', { name: 'Add key' }).click()
  await row.getByText('2 keys').waitFor()
  // Whichever key is next in turn, one of two requests meets the refused one, and the other key serves both.
  for (const text of ['And again', 'Once more']) await gateway.recorded(await say(text, client, name))

  await page.getByRole('link', { name: 'Overview', exact: true }).click()
  const problem = page.getByRole('listitem').filter({ hasText: name })
  await problem.getByText('key refused').waitFor()
  await shot('6-refused')
  await problem.getByRole('link', { name: 'Replace the key' }).click()
  const refused = row.getByText('Key refused', { exact: true })
  await refused.waitFor()
  await row.getByRole('listitem').filter({ hasText: 'Key refused' }).getByRole('button', { name: 'Replace' }).click()
  await row.getByLabel('New key in place of').fill(REPLACED)
  await shot('7-replace')
  await row.getByRole('button', { name: 'Replace', exact: true }).click()
  await row.getByText('2 keys').waitFor()
  await refused.waitFor({ state: 'detached' })
  await page.emulateMedia({ colorScheme: 'dark' })
  await shot('8-channels')

  const shown = await page.content()
  for (const key of [GOOD, REVOKED, REPLACED]) assert.ok(!shown.includes(key), 'a key does not come out again')
  assert.deepEqual(complaints, [])
})

/** As a vendor's page of documentation has it. */
function curl(url) {
  return `curl ${url}/v1/messages \\
  -H "x-api-key: ${GOOD}" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "content-type: application/json" \\
  -d '{"model": "claude-sonnet-4-5", "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello"}]}'`
}

/** From the clipboard, as a person does it. */
async function paste(page, text) {
  await page.evaluate((what) => navigator.clipboard.writeText(what), text)
  await page.keyboard.press('ControlOrMeta+V')
}

/** What a snippet for the shell exports. */
function environment(snippet) {
  return Object.fromEntries([...snippet.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, key, value]) => [key, value]))
}

/** A request as Claude Code sends it, to one channel; gives its id. */
async function say(text, { ANTHROPIC_BASE_URL: base, ANTHROPIC_AUTH_TOKEN: token }, channel) {
  const answer = await fetch(`${base}/v1/messages?beta=true`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'user-agent': 'claude-cli/2.1.197 (external, sdk-cli)',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
      'x-app': 'cli',
      'x-channel': channel,
    },
    body: JSON.stringify({
      model: 'claude-opus-4-8',
      max_tokens: 32_000,
      stream: true,
      system: [{ type: 'text', text: 'You are Claude Code.', cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: [{ type: 'text', text }] }],
      metadata: { user_id: 'user_first_account__session_day' },
    }),
  })
  assert.match(await answer.text(), /message_stop/)
  return answer.headers.get('x-causeway-request-id')
}

/** Takes pictures where they are wanted. */
function picture(page) {
  if (!folder) return async () => {}
  mkdirSync(folder, { recursive: true })
  return async (name) => {
    // What just happened is told in a corner for a few seconds; it is not what the picture is of.
    for (const close of await page.locator('.toast button').all()) await close.click()
    await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
  }
}
