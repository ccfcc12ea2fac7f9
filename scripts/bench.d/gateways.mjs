// Who is measured in workerd, each in a process of its own.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { clientKey, secrets, upstreamKey } from '../../tests/edge/harness.mjs';
import { startWorker } from '../../tests/edge/worker.mjs';
import { children } from './process.mjs';

const installed = createRequire(new URL('../../tests/edge/', import.meta.url));
const { Miniflare } = installed('miniflare');
const { unstable_getMiniflareWorkerOptions: optionsOf } = installed('wrangler');
const portkeyBuild = process.env.PORTKEY_WORKER;

/**
 * `start` gives `{ url, stop }`, `call` says how a request to that URL reaches `lane` of the upstream, and `serves`
 * which conversions there are.
 */
export function gateways(mock, lanes) {
  return [
    {
      name: 'bare Worker',
      start: () => startPlain({
        modules: [{ type: 'ESModule', path: 'index.js', contents: FORWARD }],
        compatibilityDate: '2026-07-01',
        bindings: { UPSTREAM: mock },
      }),
      call: (lane, upstream, path) => ({ path: `/${lane}${path}`, headers: { authorization: `Bearer ${upstreamKey}` } }),
      serves: (client, upstream) => client === upstream,
    },
    {
      name: 'Causeway',
      start: () => startWorker({ bindings: secrets, document: { channels: channels(mock, lanes) } }),
      call: (lane, upstream, path) => ({ path: `/${upstream}-${lane}${path}`, headers: { authorization: `Bearer ${clientKey}` } }),
      serves: () => true,
      upload: ['index.js', 'index_bg.wasm'].map((file) => join('edge/build', file)),
    },
    {
      name: 'Portkey',
      start: () => startPlain({
        ...optionsOf(join(portkeyBuild, '../wrangler.toml')).workerOptions,
        modules: [{ type: 'ESModule', path: 'index.js', contents: readFileSync(join(portkeyBuild, 'index.js'), 'utf8') }],
      }),
      call: (lane, upstream, path) => ({ path, headers: {
        authorization: `Bearer ${upstreamKey}`,
        'x-portkey-provider': upstream === 'chat' ? 'openai' : 'anthropic',
        'x-portkey-custom-host': `${mock}/${lane}/v1`,
      } }),
      serves: (client) => client === 'chat',
      upload: [join(portkeyBuild, 'index.js')],
    },
  ];
}

/** Starts `gateway` on core 0; `pid` is its workerd. */
export async function launch(gateway) {
  const others = children('workerd');
  const { url, stop } = await gateway.start();
  const pid = children('workerd').find((child) => !others.includes(child));
  execFileSync('taskset', ['-acp', '0', String(pid)], { stdio: 'ignore' });
  return { ...gateway, url, stop, pid };
}

/** What Cloudflare counts of an upload, in KiB. */
export function uploaded({ upload }) {
  return upload.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0) / 1024;
}

const FORWARD = `export default {
  fetch: (request, { UPSTREAM }) => fetch(UPSTREAM + new URL(request.url).pathname, request),
};`;

function channels(mock, lanes) {
  return lanes.flatMap((lane) => ['chat', 'messages'].map((protocol) => ({
    name: `${protocol}-${lane}`, routePrefix: `${protocol}-${lane}`, endpoints: [{ protocol, baseUrl: `${mock}/${lane}` }], keys: [{ key: upstreamKey }],
  })));
}

async function startPlain(worker) {
  const runtime = new Miniflare({
    workers: [{ ...worker, name: 'gateway', modulesRoot: '.', unsafeDirectSockets: [{}] }],
    handleStructuredLogs: () => {},
  });
  await runtime.ready;
  const url = await runtime.unsafeGetDirectURL('gateway');
  return { url: url.origin, stop: () => runtime.dispose() };
}
