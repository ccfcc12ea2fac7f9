// What several isolates know of each other, over the object that they share.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { call, channel, eventually, startMock, streams, visit } from "./harness.mjs";
import { manage, startIsolates } from "./isolates.mjs";

const fast = { breaker: { openMinMs: 1500, openMaxMs: 1500 } };
let mock;
const running = [];

before(async () => {
  mock = await startMock();
});

after(async () => {
  await Promise.all(running.map((one) => one.stop()));
  mock?.stop();
});

async function start(names, document, options) {
  const one = await startIsolates(names, document, options);
  running.push(one);
  return one;
}

/** Which channel answered. */
async function ask(isolate) {
  const response = await isolate.fetch(streams.chat.path, call(streams.chat));
  await response.text();
  return response.status === 200 ? response.headers.get("x-causeway-channel") : String(response.status);
}

const overloaded = { do: { status: { code: 503 } } };

/** A channel of one protocol: nothing else of it could serve what that cannot. */
const chat = (name, lane, priority) =>
  channel(name, lane.base, { id: `ch_${name}`, priority, endpoints: [{ protocol: "chat", baseUrl: lane.base }] });

/** Two channels, of which the first is preferred. */
async function pair(name, settings = fast) {
  const [first, second] = [mock.lane(`${name}-first`), mock.lane(`${name}-second`)];
  await first.always({});
  await second.always({});
  const channels = [chat("first", first, 1), chat("second", second, 2)];
  return { first, second, document: { channels, settings } };
}

test("a channel that one isolate found dead is avoided by all within two seconds", async () => {
  const { first, document } = await pair("dead", { breaker: { openMinMs: 60_000 } });
  const { isolates } = await start(["one", "two", "three"], document);
  for (const isolate of isolates) assert.equal(await ask(isolate), "first");
  await first.always(overloaded);
  for (let count = 0; count < 6; count++) assert.equal(await ask(isolates[0]), "second");
  const died = Date.now();
  while (Date.now() - died < 1800) {
    for (const isolate of isolates.slice(1)) await ask(isolate);
    await sleep(200);
  }
  await first.always(overloaded);
  for (const isolate of isolates) assert.equal(await ask(isolate), "second");
  assert.equal((await first.seen()).count, 0, "nobody asks what is dead");
});

test("one isolate at a time tests what has failed", async () => {
  const { first, document } = await pair("probe");
  const { isolates } = await start(["one", "two", "three", "four"], document);
  for (const isolate of isolates) assert.equal(await ask(isolate), "first");
  await first.always(overloaded);
  for (let count = 0; count < 8; count++) for (const isolate of isolates) await ask(isolate);
  // Its tests take longer than it is open.
  await first.always({ ...overloaded, reply: { waitMs: 1000 } });
  const until = Date.now() + 8000;
  await Promise.all(isolates.map(async (isolate) => {
    while (Date.now() < until) {
      assert.equal(await ask(isolate), "second");
      await sleep(50);
    }
  }));
  const { requests } = await first.seen();
  assert.ok(requests.length > 1, "it is tested again and again");
  const spans = requests.map(({ atUs }) => atUs / 1000).sort((a, b) => a - b);
  spans.slice(1).forEach((at, index) => assert.ok(at - spans[index] >= 1000, `two tests at once: ${spans}`));
});

test("in steady state no attempt waits for the object, and it hears about once a second", async () => {
  const { document } = await pair("steady");
  const { isolates, calls, slow } = await start(["one"], document);
  assert.equal(await ask(isolates[0]), "first");
  await sleep(1500);
  await calls();
  // An attempt that waited for it would show.
  await slow(800);
  const began = Date.now();
  const took = [];
  while (Date.now() - began < 6000) {
    const asked = performance.now();
    assert.equal(await ask(isolates[0]), "first");
    took.push(performance.now() - asked);
    await sleep(50);
  }
  const told = await calls();
  assert.ok(told.length >= 2 && told.length <= 8, `${told.length} calls`);
  assert.ok(told.every(({ path }) => path === "/sync"));
  assert.ok(took.length >= 20, "it served all the while");
  assert.ok(took.filter((ms) => ms > 700).length === 0, `an attempt waited: ${took}`);
});

test("the worst failover makes at most twelve calls", async () => {
  const lanes = [...Array(14).keys()].map((number) => mock.lane(`failover-${number}`));
  for (const lane of lanes) await lane.always({ do: { status: { code: 429 } } });
  const channels = lanes.map((lane, number) => chat(`c${number}`, lane, number));
  const { isolates, calls } = await start(["one"], { channels });
  await manage(isolates[0], "GET", "/api/channels");
  await sleep(5500);
  await calls();
  const asked = async () => {
    const seen = await Promise.all(lanes.map((lane) => lane.seen()));
    return seen.reduce((sum, { count }) => sum + count, 0);
  };
  const before = await asked();
  assert.notEqual(await ask(isolates[0]), "c0");
  await sleep(1500);
  const attempts = (await asked()) - before;
  const told = await calls();
  assert.ok(attempts >= 2, `${attempts} attempts`);
  assert.ok(attempts + told.length <= 12, `${attempts} attempts and ${told.length} calls to the object`);
});

test("a change of the configuration reaches every isolate within ten seconds", async () => {
  const { document } = await pair("change");
  const { isolates } = await start(["one", "two", "three"], document);
  for (const isolate of isolates) assert.equal(await ask(isolate), "first");
  const changed = Date.now();
  await manage(isolates[0], "PATCH", "/api/channels/ch_first", { status: "paused" });
  for (const isolate of isolates) await eventually(() => ask(isolate), (name) => name === "second");
  assert.ok(Date.now() - changed < 10_000);
  const { channels } = await manage(isolates[2], "GET", "/api/channels");
  assert.equal(channels.find(({ id }) => id === "ch_first").status, "paused");
});

test("of two writers at once one is told", async () => {
  const { document } = await pair("conflict");
  const { isolates } = await start(["one", "two"], document);
  const writes = await Promise.allSettled(isolates.flatMap((isolate) => [1, 2, 3].map((weight) =>
    manage(isolate, "PATCH", "/api/channels/ch_first", { weight }))));
  for (const { reason } of writes.filter(({ status }) => status === "rejected")) assert.match(reason.message, / 409 /);
  assert.ok(writes.some(({ status }) => status === "fulfilled"));
});

test("what is configured, and what is known of channels, outlives isolates and the object", async (context) => {
  const state = await mkdtemp(join(tmpdir(), "causeway-state-"));
  context.after(() => rm(state, { recursive: true }));
  const { first, document } = await pair("outlive", { breaker: { openMinMs: 60_000 } });
  const before = await startIsolates(["one"], document, { state });
  await first.always(overloaded);
  for (let count = 0; count < 6; count++) assert.equal(await ask(before.isolates[0]), "second");
  await manage(before.isolates[0], "PATCH", "/api/channels/ch_second", { weight: 7 });
  await sleep(300);
  await before.stop();
  await first.always({});
  const { isolates } = await start(["one"], undefined, { state });
  assert.equal(await ask(isolates[0]), "second", "its breaker is still open");
  const { channels } = await manage(isolates[0], "GET", "/api/channels");
  assert.equal(channels.find(({ id }) => id === "ch_second").weight, 7);
});

test("a slow or silent object stops nobody", async () => {
  const { first, document } = await pair("silent");
  const { isolates, slow } = await start(["one"], document);
  assert.equal(await ask(isolates[0]), "first");
  await slow(60_000);
  await first.always(overloaded);
  for (let count = 0; count < 6; count++) assert.equal(await ask(isolates[0]), "second");
  await first.always({});
  await eventually(async () => (await sleep(100), ask(isolates[0])), (name) => name === "first");
});

test("a client that leaves in the middle of a stream still has its outcome reported", async () => {
  const lane = mock.lane("leaves");
  await lane.always({ reply: { text: "word ".repeat(500), delayMs: 20 } });
  const { isolates, calls } = await start(["one"], { channels: [channel("leaves", lane.base)] });
  const { content, leave } = visit(new URL(streams.chat.path, isolates[0].url), call(streams.chat));
  await content;
  await calls();
  leave();
  const outcomes = [];
  await eventually(
    async () => {
      for (const { told } of await calls()) outcomes.push(...(told?.notes ?? []));
      return outcomes;
    },
    (notes) => notes.some(({ event }) => event.ended?.class === "client_gone"),
  );
});
