import { describe, expect, it } from 'vitest'
import { clients, PLACEHOLDER } from './snippets'

const ORIGIN = 'https://gateway.example'

const all = (key: string) =>
  clients(ORIGIN, key)
    .flatMap(({ snippets }) => snippets.map(({ text }) => text))
    .join('\n')

describe('clients', () => {
  it('point at the gateway and carry the key', () => {
    for (const client of clients(ORIGIN, PLACEHOLDER)) {
      const text = client.snippets.map((snippet) => snippet.text).join('\n')
      expect(text, client.name).toContain(ORIGIN)
      expect(text, client.name).toContain(PLACEHOLDER)
    }
  })

  it('add the version only where a client does not do so itself', () => {
    const base = (id: string) => clients(ORIGIN, 'k').find((client) => client.id === id)?.snippets[0]?.text
    expect(base('claude-code')).not.toContain(`${ORIGIN}/v1`)
    expect(base('gemini-cli')).not.toContain(`${ORIGIN}/v1`)
    expect(base('codex')).toContain(`${ORIGIN}/v1"`)
    expect(base('openai')).toContain(`${ORIGIN}/v1"`)
    expect(base('opencode')).toContain(`${ORIGIN}/v1"`)
    expect(base('open-webui')).toContain(`${ORIGIN}/v1 `)
    expect(base('cherry-studio')).not.toContain('/v1')
  })

  it('are written into files that can be read', () => {
    const text =
      clients(ORIGIN, 'k', 'a "model"').find(({ id }) => id === 'opencode')?.snippets[0]?.text ?? ''
    expect(JSON.parse(text)).toMatchObject({ provider: { causeway: { models: { 'a "model"': {} } } } })
  })

  it('quote a key that a shell would read', () => {
    expect(all(`a'b $(x)`)).toContain(`export CAUSEWAY_KEY='a'\\''b $(x)'`)
  })
})
