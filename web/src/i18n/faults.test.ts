import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { translated } from './patterns'
import { faults } from './zh-CN/faults'

/** Where the gateway checks what operators write, and what it imports. */
const SOURCES = ['config/import', 'config/validate', 'admin/client_keys', 'admin/channels'].flatMap(filesOf)
const FILES = ['config/access.rs', 'config/model.rs', 'config/seal.rs', 'config/url.rs', 'config/validate.rs']
const MORE = [
  'config/import.rs',
  'admin/capture.rs',
  'admin/check.rs',
  'admin/import.rs',
  'admin/keys.rs',
  'price.rs',
  'price/peak.rs',
]

function filesOf(folder: string): string[] {
  const entries = readdirSync(join('../core/src', folder), { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesOf(path) : [path]
  })
}

/** The sentences of a source file, its gaps filled. */
function said(path: string): string[] {
  const [source = ''] = readFileSync(join('../core/src', path), 'utf8').split('#[cfg(test)]\nmod tests {')
  const code = source.replaceAll(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(/"((?:[^"\\]|\\.|\\\n\s*)*)"/g)]
    .map(([, text = '']) => text.replaceAll(/\\\n\s*/g, '').replaceAll(/\{[^}]*\}/g, '7'))
    .filter((text) =>
      /^(is|has|had|holds|maps|cannot|begins|repeats|sets|does|belongs|signs|stands|only|keys|what|a|an|its|no|not) \S/.test(
        text,
      ),
    )
}

const fault = (text: string) => translated(faults, text)

describe('faults', () => {
  it('are all said in Chinese', () => {
    const all = [...SOURCES, ...FILES, ...MORE].filter((path) => !path.includes('tests')).flatMap(said)
    expect(all.length).toBeGreaterThan(80)
    expect([...new Set(all)].filter((text) => fault(text) === text)).toEqual([])
  })

  it('keep what they name', () => {
    expect(fault('is not between 1000 and 3600000 ms')).toBe('须在 1000 到 3600000 毫秒之间。')
    expect(fault('`gpt-*` is longer than 200 bytes')).toBe('`gpt-*`：超过 200 字节。')
  })

  it('are left as they are where nothing fits', () => {
    expect(translated({ 'is (a) {}': '{}' }, 'is a b')).toBe('is a b')
    expect(translated({ 'is (a) {}': '<{}>' }, 'is (a) b')).toBe('<b>')
  })
})
