// The Worker, Portkey's and one that only forwards, in workerd, interleaved in rounds, on pinned cores.
//
// CPU is what the kernel accounted to a gateway's workerd, all threads: objects, storage and the runtime's own
// network are in it. Reported is the least over the rounds. Core 0 runs the gateways, core 1 upstream and load.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startMock } from '../../tests/edge/harness.mjs';
import { gateways, launch, uploaded } from './gateways.mjs';
import * as page from './page.mjs';
import { children, cpu, peak, rss } from './process.mjs';

const run = promisify(execFile);
const LOAD = process.env.LOAD_BIN ?? 'target/release/load';
const WORDS = 4000;
const EVENTS = WORDS.toLocaleString('en');

const lanes = {
  json: { reply: { text: 'word '.repeat(200) } },
  burst: { reply: { text: 'word '.repeat(WORDS), burst: true } },
  stream: { reply: { text: 'word '.repeat(WORDS) } },
  megabyte: { reply: { text: `${'x'.repeat(4095)} `.repeat(256), delayMs: 4 } },
};

const scenarios = [
  ...ways('8 KB, JSON', { lane: 'json', size: 8, requests: 500, connections: 4 }),
  ...ways(`200 KB, ${EVENTS} events at once`, { lane: 'burst', size: 200, stream: true, requests: 8, connections: 2 }),
  ...ways(`200 KB, ${EVENTS} events, one write each`, { lane: 'stream', size: 200, stream: true, requests: 4, connections: 2 }),
];
const large = ways('1 MB', { lane: 'megabyte', size: 8, stream: true });
const paths = { chat: '/v1/chat/completions', messages: '/v1/messages' };

const options = parse(process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
const running = [];

try {
  await main();
} finally {
  await Promise.all(running.map(({ stop }) => stop()));
  rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const mock = await startUpstream();
  const measured = gateways(mock.url, Object.keys(lanes));
  const starts = await startUps(measured);
  const memory = await twentyStreams(measured);
  const launched = [];
  for (const gateway of measured) launched.push(await keep(launch(gateway)));
  const costs = await perRequest(launched);
  const text = [head(), perRequestTable(launched, costs), wholeTable(measured, starts, memory)].join('\n\n');
  process.stdout.write(`${text}\n`);
  if (options.write) page.write('bench edge', `${text}\n`);
}

async function startUpstream() {
  const mock = await keep(startMock());
  for (const child of children('mock-upstream')) execFileSync('taskset', ['-acp', '1', String(child)], { stdio: 'ignore' });
  for (const [name, behaviour] of Object.entries(lanes)) await mock.lane(name).always(behaviour);
  return mock;
}

/** Milliseconds of CPU until the first answer, and the time until then. */
async function startUps(measured) {
  const starts = new Map(measured.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const gateway of measured) {
      const began = performance.now();
      const started = await launch(gateway);
      await answer(started, scenarios[0]);
      starts.get(gateway.name).push({ wall: performance.now() - began, cpu: cpu(started.pid) / 1e6 });
      await started.stop();
    }
  }
  return starts;
}

/** Microseconds of CPU per request: by scenario and gateway, those of the rounds. */
async function perRequest(launched) {
  const costs = new Map();
  for (const scenario of scenarios) {
    const able = launched.filter((gateway) => serves(gateway, scenario));
    // Until the JavaScript engine has compiled what is hot.
    for (const gateway of able) await load(gateway, scenario);
    for (let round = 0; round < options.rounds; round += 1) {
      for (const gateway of able) {
        const before = cpu(gateway.pid);
        const requests = await load(gateway, scenario);
        const spent = (cpu(gateway.pid) - before) / 1000 / requests;
        const key = `${scenario.name}|${gateway.name}`;
        costs.set(key, [...(costs.get(key) ?? []), spent]);
        process.stderr.write('.');
      }
    }
  }
  process.stderr.write('\n');
  return costs;
}

/** Resident memory before and at most during 20 streams of 1 MB at once, of all ways in turn, in MiB. */
async function twentyStreams(measured) {
  const memory = new Map();
  for (const gateway of measured) {
    const started = await launch(gateway);
    const able = large.filter((scenario) => serves(gateway, scenario));
    for (const scenario of able) await answer(started, scenario);
    const before = rss(started.pid);
    const asked = Array.from({ length: 20 }, (_, index) => able[index % able.length]);
    const most = await peak(started.pid, () => Promise.all(asked.map((scenario) => answer(started, scenario))));
    memory.set(gateway.name, { before, most });
    await started.stop();
  }
  return memory;
}

/** Runs the load generator once; every answer must be whole. Gives the number of requests. */
async function load(gateway, scenario) {
  const { path, headers } = gateway.call(scenario.lane, scenario.upstream, paths[scenario.client]);
  const body = join(scratch, 'body.json');
  writeFileSync(body, request(scenario));
  const args = ['--url', gateway.url + path, '--body', body, '--connections', scenario.connections, '--requests', scenario.requests];
  for (const [name, value] of Object.entries(headers)) args.push('--header', `${name}: ${value}`);
  if (scenario.stream) args.push('--stream');
  const { stdout } = await run('taskset', ['-c', '1', LOAD, ...args.map(String)]);
  const report = JSON.parse(stdout);
  if (report.errors > 0) throw new Error(`${gateway.name}, ${scenario.name}: ${report.errors} errors, first: ${report.firstError}`);
  return report.requests;
}

/** One answer, which must hold all that the upstream said. */
async function answer(gateway, scenario) {
  const { path, headers } = gateway.call(scenario.lane, scenario.upstream, paths[scenario.client]);
  const response = await fetch(gateway.url + path, {
    method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: request(scenario),
  });
  const text = await response.text();
  const said = lanes[scenario.lane].reply.text;
  if (!response.ok || text.length < said.length) throw new Error(`${gateway.name}: ${response.status} ${text.slice(0, 500)}`);
}

/** A conversation of about `size` KB. */
function request({ size, stream = false }) {
  const messages = Array.from({ length: size - 1 }, (_, turn) => ({
    role: turn % 2 === 0 ? 'user' : 'assistant', content: `Turn ${turn}. ${'Say something more. '.repeat(50)}`,
  }));
  return JSON.stringify({ model: 'bench', max_tokens: 1000, temperature: 0.5, stream, messages });
}

function serves(gateway, { client, upstream }) {
  return gateway.serves(client, upstream);
}

function head() {
  const date = new Date().toISOString().slice(0, 10);
  return `Measured ${date}, the best of ${options.rounds} rounds.`;
}

function perRequestTable(launched, costs) {
  const lines = scenarios.map((scenario) => {
    const runs = launched.map(({ name }) => costs.get(`${scenario.name}|${name}`));
    const cells = runs.map((spent) => (spent ? (Math.min(...spent) / 1000).toFixed(2) : '–'));
    return `| ${scenario.name} | ${cells.join(' | ')} |`;
  });
  return [`| CPU a request, ms | ${launched.map(({ name }) => name).join(' | ')} |`, '|---|---:|---:|---:|', ...lines].join('\n');
}

function wholeTable(measured, starts, memory) {
  const row = (what, cell) => `| ${what} | ${measured.map(cell).join(' | ')} |`;
  const least = (name, pick) => Math.min(...starts.get(name).map(pick)).toFixed(0);
  return [
    `| | ${measured.map(({ name }) => name).join(' | ')} |`,
    '|---|---:|---:|---:|',
    row('CPU from the start of workerd to the first answer, ms', ({ name }) => least(name, ({ cpu: spent }) => spent)),
    row('time from the start of miniflare to the first answer, ms', ({ name }) => least(name, ({ wall }) => wall)),
    row('upload, gzip, KiB', (gateway) => (gateway.upload ? uploaded(gateway).toFixed(0) : '–')),
    row('resident memory of workerd, MiB', ({ name }) => memory.get(name).before.toFixed(0)),
    row('its growth at the most during 20 streams of 1 MB at once, MiB', ({ name }) => (memory.get(name).most - memory.get(name).before).toFixed(0)),
  ].join('\n');
}

/** The same with each client and upstream. */
function ways(name, more) {
  return [
    { name: `${name}, passthrough`, client: 'chat', upstream: 'chat', ...more },
    { name: `${name}, chat on messages`, client: 'chat', upstream: 'messages', ...more },
    { name: `${name}, messages on chat`, client: 'messages', upstream: 'chat', ...more },
  ];
}

async function keep(starting) {
  const started = await starting;
  running.push(started);
  return started;
}

function parse(args) {
  const parsed = { rounds: 5, write: false };
  for (let index = 0; index < args.length; index += 1) {
    if (args[index] === '--write') parsed.write = true;
    else if (args[index] === '--rounds') parsed.rounds = Number(args[(index += 1)]);
    else throw new Error(`unknown argument ${args[index]}`);
  }
  return parsed;
}
