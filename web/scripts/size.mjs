// Prints what a browser downloads (gzip) for the sign-in, for each page that may be the first after it, and for all
// of them; fails over budget.

import { readFileSync, statSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

const ENTRY = 'index.html'
const SHELL = Object.keys(manifest).find((key) => manifest[key].name === 'shared')
// English is in the entry.
const FRONT = 'src/i18n/zh-CN/front.ts'
const LANGUAGES = ['src/i18n/en.ts', 'src/i18n/zh-CN.ts']
const LATER = 'src/i18n/zh-CN/faults.ts'
const PAGE = /^src\/.*\/(\w+)Page\.svelte$/

const pages = Object.keys(manifest).filter((key) => PAGE.test(key))
const language = largest(LANGUAGES)
const views = [
  { name: 'sign-in', chunks: [ENTRY, FRONT], budget: 45_000 },
  ...pages.map((page) => ({
    name: page.replace(PAGE, '$1'),
    chunks: [ENTRY, language, SHELL, page],
    budget: 90_000,
  })),
  { name: 'everything', chunks: [ENTRY, language, LATER, SHELL, ...pages], budget: 200_000 },
]

let over = false
for (const { name, chunks, budget } of views) {
  const size = total(files(chunks))
  over ||= size > budget
  console.log(`${name.padEnd(14)} ${kB(size)} of ${kB(budget)} gzip${size > budget ? '  OVER BUDGET' : ''}`)
}
process.exit(over ? 1 : 0)

function largest(chunks) {
  return chunks.reduce((a, b) => (total(files([a])) > total(files([b])) ? a : b))
}

/** All files that these chunks make a browser load, each once. */
function files(chunks) {
  const found = new Set([ENTRY])
  const visit = (key) => {
    const chunk = manifest[key]
    if (chunk === undefined) throw new Error(`${key} is not in the manifest`)
    if (found.has(chunk.file)) return
    found.add(chunk.file)
    for (const css of chunk.css ?? []) found.add(css)
    for (const needed of chunk.imports ?? []) visit(needed)
  }
  chunks.forEach(visit)
  return [...found]
}

function total(names) {
  return names.map(gzipSize).reduce((sum, size) => sum + size, 0)
}

function gzipSize(name) {
  const path = new URL(name, dist)
  const ready = new URL(`${name}.gz`, dist)
  return statSync(ready, { throwIfNoEntry: false })?.size ?? gzipSync(readFileSync(path), { level: 9 }).length
}

function kB(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(8)
}
