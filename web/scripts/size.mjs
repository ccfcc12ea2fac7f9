// Prints what a browser downloads (gzip) for the sign-in and for the first page after it; fails over budget.

import { readFileSync, statSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

const ENTRY = 'index.html'
const SHELL = 'src/shell/Shell.svelte'
const PAGES = ['src/channels/ChannelPage.svelte', 'src/connect/ConnectPage.svelte']
const LANGUAGES = ['src/i18n/en.ts', 'src/i18n/zh-CN.ts']

const largestLanguage = LANGUAGES.reduce((a, b) => (total(files([a])) > total(files([b])) ? a : b))
const views = [
  { name: 'sign-in', chunks: [ENTRY, largestLanguage], budget: 45_000 },
  { name: 'channels', chunks: [ENTRY, largestLanguage, SHELL], budget: 90_000 },
  ...PAGES.map((page) => ({
    name: page.replace(/.*\/|\.svelte/g, ''),
    chunks: [ENTRY, largestLanguage, SHELL, page],
    budget: 90_000,
  })),
]

let over = false
for (const { name, chunks, budget } of views) {
  const size = total(files(chunks))
  over ||= size > budget
  console.log(`${name.padEnd(14)} ${kB(size)} of ${kB(budget)} gzip${size > budget ? '  OVER BUDGET' : ''}`)
}
process.exit(over ? 1 : 0)

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
