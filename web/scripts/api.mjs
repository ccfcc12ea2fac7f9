// Generates src/api/schema.d.ts from the management API's OpenAPI document.
// With --check it writes nothing and fails when the checked-in file is stale.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import openapi, { astToString, COMMENT_HEADER } from 'openapi-typescript'

const source = new URL('../../docs/openapi.json', import.meta.url)
const target = new URL('../src/api/schema.d.ts', import.meta.url)

const document = JSON.parse(readFileSync(source, 'utf8'))
const generated = COMMENT_HEADER + astToString(await openapi(document, { defaultNonNullable: false }))

if (process.argv.includes('--check')) {
  const present = existsSync(target) ? readFileSync(target, 'utf8') : ''
  if (present !== generated) {
    console.error(`src/api/schema.d.ts is stale: run "npm run api" (source: ${fileURLToPath(source)})`)
    process.exit(1)
  }
} else {
  writeFileSync(target, generated)
}
