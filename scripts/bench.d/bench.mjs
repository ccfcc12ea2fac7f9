// Direct path, nginx and Causeway, interleaved in rounds, on pinned cores; then Causeway alone with
// clients of other protocols.
//
// CPU is what the kernel accounted to the process (all its threads), divided by the requests of that
// round. Reported is the least over the rounds, since a neighbour on the same machine only ever adds to it;
// of latencies it is the median. Core 0 runs the gateway alone, core 1 upstream and load.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import * as page from './page.mjs';
import { cpu, rss } from './process.mjs';

const KEY = 'cw-bench-client-key-0001';
const LEAVING = 'leaving';
const BINARY = 'target/release/causeway';
const options = parse(process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
const children = [];

const scenarios = [
  { name: 'JSON 1 KB, 8 connections', lane: 'bench-json-1k', connections: 8 },
  { name: 'JSON 1 KB, 1 connection', lane: 'bench-json-1k', connections: 1 },
  { name: 'stream of 35 events at once, 8 connections', lane: 'bench-burst-35', connections: 8, stream: true, events: 35 },
  { name: 'stream of 35 events, one write each, 8 connections', lane: 'bench-stream-35', connections: 8, stream: true, events: 35 },
  { name: 'stream of 35 events, one per 2 ms, 64 connections', lane: 'bench-drip-35', connections: 64, stream: true, events: 35 },
  ...['messages', 'responses', 'gemini'].flatMap((client) => [
    { name: `${client} on chat, JSON 1 KB, 8 connections`, client, lane: 'bench-json-1k', connections: 8 },
    { name: `${client} on chat, stream of 35 events at once, 8 connections`, client, lane: 'bench-burst-35', connections: 8, stream: true },
  ]),
];

const paths = {
  chat: { json: '/v1/chat/completions', stream: '/v1/chat/completions' },
  messages: { json: '/v1/messages', stream: '/v1/messages' },
  responses: { json: '/v1/responses', stream: '/v1/responses' },
  gemini: { json: '/v1beta/models/bench:generateContent', stream: '/v1beta/models/bench:streamGenerateContent?alt=sse' },
};

try {
  await main();
} finally {
  await stop();
  rmSync(scratch, { recursive: true, force: true });
}

async function main() {
  const mock = await startMock();
  const bodies = requestBodies();
  const targets = [
    { name: 'direct', pid: null, base: mock },
    await startNginx(mock),
    await startCauseway(mock),
  ];
  const results = new Map();
  for (const scenario of scenarios) {
    const able = targets.filter((target) => serves(target, scenario));
    for (const target of able) await load(target, scenario, bodies, 0.5);
    for (let round = 0; round < options.rounds; round += 1) {
      for (const target of able) {
        const before = target.pid ? cpu(target.pid) : 0;
        const report = await load(target, scenario, bodies, options.seconds);
        const spent = target.pid ? cpu(target.pid) - before : 0;
        const key = `${scenario.name}|${target.name}`;
        results.set(key, [...(results.get(key) ?? []), { ...report, cpuUs: spent / 1000 / report.requests }]);
        process.stderr.write('.');
      }
    }
  }
  process.stderr.write('\n');
  const causeway = targets.find((target) => target.name === 'causeway');
  const facts = { loaded: rss(causeway.pid), leaving: await leaving(mock, causeway), ...(await footprint(mock)) };
  const text = table(targets, results, facts);
  process.stdout.write(text);
  if (options.write) page.write('bench', `${measured()}\n\n${text}`);
}

/** The upstream speaks chat; only a gateway serves other clients. */
function serves(target, scenario) {
  return !scenario.client || target.name === 'causeway';
}

/** Runs the load generator once; every answer must be whole. */
async function load(target, scenario, bodies, seconds) {
  const { client = 'chat', stream } = scenario;
  const args = ['--url', `${target.base}/${scenario.lane}${paths[client][stream ? 'stream' : 'json']}`];
  args.push('--connections', scenario.connections, '--seconds', seconds, '--body', bodies[client][stream ? 'stream' : 'json']);
  args.push('--header', `authorization: Bearer ${KEY}`, '--header', 'content-type: application/json');
  if (stream) args.push('--stream');
  if (scenario.events) args.push('--events', scenario.events);
  const report = JSON.parse(await output('taskset', ['-c', '1', 'target/release/load', ...args.map(String)]));
  if (report.errors > 0) throw new Error(`${target.name}, ${scenario.name}: ${report.errors} errors, first: ${report.firstError}`);
  return report;
}

async function startMock() {
  const child = start('taskset', ['-c', '1', 'target/release/mock-upstream']);
  const line = await firstLine(child);
  return JSON.parse(line).mock;
}

async function startNginx(mock) {
  const port = await freePort();
  const config = join(scratch, 'nginx.conf');
  writeFileSync(config, `
worker_processes 1; daemon off; pid ${scratch}/nginx.pid; error_log ${scratch}/nginx.log crit;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${scratch}/body; proxy_temp_path ${scratch}/proxy;
  fastcgi_temp_path ${scratch}/f; uwsgi_temp_path ${scratch}/u; scgi_temp_path ${scratch}/s;
  keepalive_requests 100000000; tcp_nodelay on;
  upstream mock { server ${new URL(mock).host}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}`);
  start('taskset', ['-c', '0', 'nginx', '-c', config, '-p', scratch]);
  await answering(`http://127.0.0.1:${port}/`);
  const master = Number(readFileSync(join(scratch, 'nginx.pid'), 'utf8'));
  const worker = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ').map(Number)[0];
  return { name: 'nginx', pid: worker, base: `http://127.0.0.1:${port}` };
}

async function startCauseway(mock) {
  const { child, port } = await causeway(mock, 'bench');
  return { name: 'causeway', pid: child.pid, base: `http://127.0.0.1:${port}` };
}

/** One gateway with a channel per lane, reached by route prefix, so that paths are the same everywhere. */
async function causeway(mock, name) {
  const port = await freePort();
  const dir = join(scratch, name);
  const lanes = [LEAVING, ...new Set(scenarios.map((scenario) => scenario.lane))];
  const channels = lanes.map((lane) => ({
    name: lane, routePrefix: lane, endpoints: [{ protocol: 'chat', baseUrl: `${mock}/${lane}` }], keys: ['sk-bench-upstream-key'],
  }));
  execFileSync('mkdir', ['-p', dir]);
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ channels }));
  const env = { ...process.env, PORT: String(port), BIND_HOST: '127.0.0.1', CONFIG_DIR: dir, PROXY_ACCESS_KEY: KEY, ADMIN_ACCESS_KEY: 'cwa-bench-admin-key-0001', LOG_LEVEL: 'warn' };
  const child = start('taskset', ['-c', '0', BINARY, 'serve'], { env });
  await answering(`http://127.0.0.1:${port}/health`);
  return { child, port };
}

/** From a client's leaving in the middle of a stream to the upstream's notice, in milliseconds. */
async function leaving(mock, target) {
  const control = `${mock}/_control/lanes/${LEAVING}`;
  await fetch(control, { method: 'POST', body: JSON.stringify({ default: { reply: { text: 'word '.repeat(500), delayMs: 20 } } }) });
  const waits = [];
  for (let run = 0; run < 20; run += 1) {
    const abort = new AbortController();
    const response = await fetch(`${target.base}/${LEAVING}/v1/chat/completions`, {
      method: 'POST', signal: abort.signal, headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content: 'Go on.' }] }),
    });
    await response.body.getReader().read();
    const left = performance.timeOrigin + performance.now();
    abort.abort();
    waits.push(await noticed(control, run) - left);
  }
  return median(waits);
}

/** When the upstream saw its answer number `index` abandoned, in milliseconds since the epoch. */
async function noticed(control, index) {
  for (let tries = 0; tries < 500; tries += 1) {
    const { aborted } = await (await fetch(control)).json();
    if (aborted.length > index) return aborted[index].atUs / 1000;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  throw new Error('the upstream never noticed that the client left');
}

/** Idle memory, cold start to the first proxied answer, sizes. */
async function footprint(mock) {
  const colds = [];
  let idle = 0;
  for (let run = 0; run < 10; run += 1) {
    const began = performance.now();
    const { child, port } = await causeway(mock, `cold-${run}`);
    const response = await fetch(`http://127.0.0.1:${port}/bench-json-1k/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, body: '{"model":"bench"}',
    });
    await response.arrayBuffer();
    colds.push(performance.now() - began);
    if (run === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      idle = rss(child.pid);
    }
    child.kill('SIGKILL');
  }
  const wasm = listWasm().reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  return { idle, cold: median(colds), binary: statSync(BINARY).size, wasm };
}

function listWasm() {
  try {
    return readdirSync('edge/build', { recursive: true }).filter((file) => /\.(wasm|js|mjs)$/.test(file)).map((file) => join('edge/build', file));
  } catch {
    return [];
  }
}

/** Files of about 1 KB: for each client one that asks for JSON, and one that asks for a stream. */
function requestBodies() {
  const text = 'Say something. '.repeat(60);
  const messages = [{ role: 'user', content: text }];
  const asks = {
    chat: { model: 'bench', messages },
    messages: { model: 'bench', max_tokens: 1000, messages },
    responses: { model: 'bench', input: messages },
    gemini: { contents: [{ role: 'user', parts: [{ text }] }] },
  };
  const files = Object.entries(asks).map(([client, ask]) => {
    const [json, stream] = ['json', 'stream'].map((kind) => join(scratch, `${client}-${kind}.json`));
    const how = client === 'gemini' ? [{}, {}] : [{ temperature: 0.5 }, { stream: true }];
    writeFileSync(json, JSON.stringify({ ...ask, ...how[0] }));
    writeFileSync(stream, JSON.stringify({ ...ask, ...how[1] }));
    return [client, { json, stream }];
  });
  return Object.fromEntries(files);
}

function measured() {
  const date = new Date().toISOString().slice(0, 10);
  return `Measured ${date}, ${options.rounds} rounds of ${options.seconds} s each: CPU of the best round, latencies of the median one.`;
}

function table(targets, results, facts) {
  const lines = ['| scenario | | CPU µs/request | p50 µs | p99 µs | first byte p50 µs |', '|---|---|---:|---:|---:|---:|'];
  for (const scenario of scenarios) {
    for (const target of targets.filter((target) => serves(target, scenario))) {
      const runs = results.get(`${scenario.name}|${target.name}`);
      const figure = (pick) => Math.round(median(runs.map(pick)));
      const spent = target.pid ? Math.round(Math.min(...runs.map((run) => run.cpuUs))) : '–';
      lines.push(`| ${scenario.name} | ${target.name} | ${spent} | ${figure((run) => run.latencyUs.p50)} | ${figure((run) => run.latencyUs.p99)} | ${figure((run) => run.firstByteUs.p50)} |`);
    }
  }
  lines.push('', '| Causeway | |', '|---|---:|');
  lines.push(`| resident memory, idle | ${facts.idle.toFixed(1)} MiB |`, `| resident memory, after the load above | ${facts.loaded.toFixed(1)} MiB |`);
  lines.push(`| from a client that leaves to the upstream's notice, median of 20 | ${facts.leaving.toFixed(1)} ms |`);
  lines.push(`| cold start to the first proxied answer, median of 10 (polled every 2 ms) | ${facts.cold.toFixed(0)} ms |`, `| binary with the UI | ${(facts.binary / 1048576).toFixed(1)} MiB |`);
  if (facts.wasm) lines.push(`| Worker upload, gzip | ${(facts.wasm / 1024).toFixed(0)} KiB |`);
  return `${lines.join('\n')}\n`;
}

function start(command, args, more = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...more });
  children.push(child);
  return child;
}

/** Ends what was started; asked politely, nginx takes its worker along. */
async function stop() {
  const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
  const ended = running.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of running) child.kill('SIGTERM');
  await Promise.all(ended);
}

function firstLine(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
    child.on('exit', () => reject(new Error('the upstream stopped')));
  });
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = start(command, args);
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.on('exit', (code) => (code === 0 ? resolve(text) : reject(new Error(`${args.join(' ')} ended with ${code}`))));
  });
}

async function answering(url) {
  for (let tries = 0; tries < 5000; tries += 1) {
    try {
      await (await fetch(url, { method: 'HEAD' })).arrayBuffer();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  throw new Error(`${url} does not answer`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function parse(args) {
  const parsed = { rounds: 5, seconds: 2, write: false };
  for (let index = 0; index < args.length; index += 1) {
    if (args[index] === '--write') parsed.write = true;
    else if (args[index] === '--rounds') parsed.rounds = Number(args[(index += 1)]);
    else if (args[index] === '--seconds') parsed.seconds = Number(args[(index += 1)]);
    else throw new Error(`unknown argument ${args[index]}`);
  }
  return parsed;
}
