import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { compileEarly } from './build/compileEarly.ts'
import { precompress } from './build/precompress.ts'
import { sharedChunk } from './build/sharedChunk.ts'

const gateway = process.env['CAUSEWAY_URL'] ?? 'http://127.0.0.1:3000'

export default defineConfig({
  base: '/ui/',
  plugins: [svelte(), compileEarly(), precompress()],
  server: { proxy: { '/api': { target: gateway, ws: true }, '/v1': gateway } },
  build: {
    target: 'es2023',
    // The first with light-dark() and popover.
    cssTarget: ['chrome123', 'firefox125', 'safari17.5'],
    // A data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    // size.mjs reads the manifest; servers ignore it.
    manifest: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'start', tags: ['$initial'], priority: 2 },
            { name: sharedChunk, debugName: 'shared', test: /[\\/]src[\\/]/, priority: 1 },
          ],
        },
      },
    },
  },
  test: { include: ['src/**/*.test.ts'] },
})
