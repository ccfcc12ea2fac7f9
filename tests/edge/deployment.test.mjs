// What stands around the streams: secrets, configuration, failover, the management API.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  adminKey,
  call,
  channel,
  eventually,
  secrets,
  startMock,
  startWorker,
  streams,
  upstreamKey,
} from "./harness.mjs";

let mock;
const running = [];

before(async () => {
  mock = await startMock();
});

after(async () => {
  await Promise.all(running.map((worker) => worker.stop()));
  mock?.stop();
});

async function start(...options) {
  const worker = await startWorker(...options);
  running.push(worker);
  return worker;
}

test("a deployment without secrets says which are missing", async () => {
  const worker = await start(undefined, { bindings: {} });
  for (const path of ["/", "/v1/models", "/api/bootstrap"]) {
    const response = await worker.fetch(path);
    assert.equal(response.status, 503);
    const { error } = await response.json();
    for (const name of Object.keys(secrets)) assert.ok(error.message.includes(name), `${path}: ${error.message}`);
  }
});

test("a weak secret is refused and not shown", async () => {
  const worker = await start(undefined, { bindings: { ...secrets, PROXY_ACCESS_KEY: "hunter2" } });
  const text = await (await worker.fetch("/health")).text();
  assert.match(text, /PROXY_ACCESS_KEY/);
  assert.doesNotMatch(text, /hunter2/);
});

test("an invalid configuration is named by field", async () => {
  const worker = await start({ channels: [channel("broken", "ftp://nowhere")] });
  const response = await worker.fetch("/health");
  assert.equal(response.status, 503);
  assert.match((await response.json()).error.message, /channels\[0\]\.endpoints\[0\]\.baseUrl/);
});

test("health is public and everything else asks for a key", async () => {
  const worker = await start({ channels: [] });
  assert.equal((await worker.fetch("/health")).status, 200);
  const { headers, ...anonymous } = call(streams.chat);
  const refused = await worker.fetch(streams.chat.path, anonymous);
  assert.equal(refused.status, 401);
  assert.equal(typeof (await refused.json()).error.message, "string");
  assert.equal((await worker.fetch("/api/channels")).status, 401);
});

test("an unknown path gets an error in JSON", async () => {
  const worker = await start({ channels: [] });
  const response = await worker.fetch("/v1/nowhere", { headers: streams.chat.headers });
  assert.equal(response.status, 404);
  assert.match(response.headers.get("content-type"), /^application\/json/);
});

test("when one channel cannot be reached the next one answers", async () => {
  const lane = mock.lane("second");
  await lane.always({});
  const worker = await start({
    channels: [channel("first", mock.refused, { priority: 1 }), channel("second", lane.base, { priority: 2 })],
  });
  for (const stream of Object.values(streams)) {
    const response = await worker.fetch(stream.path, call(stream));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("x-causeway-channel"), "second");
    await response.text();
  }
});

test("a channel with a proxy is refused rather than called directly", async () => {
  const lane = mock.lane("proxied");
  await lane.always({});
  const worker = await start({ channels: [channel("proxied", lane.base, { proxyUrl: "http://127.0.0.1:9" })] });
  const response = await worker.fetch(streams.chat.path, call(streams.chat));
  assert.ok(response.status >= 500, String(response.status));
  assert.equal((await lane.seen()).count, 0);
});

test("a channel made through the management API serves, and its key is stored sealed", async () => {
  const lane = mock.lane("managed");
  await lane.always({});
  const worker = await start(undefined);
  const created = await worker.fetch("/api/channels", {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify(channel("managed", lane.base)),
  });
  assert.equal(created.status, 201, await created.text());

  const stored = await eventually(worker.stored, (text) => text?.includes('"managed"'));
  assert.ok(!stored.includes(upstreamKey), stored);

  const response = await worker.fetch(streams.messages.path, call(streams.messages));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("x-causeway-channel"), "managed");
  await response.text();
});

test("the UI is served from the assets, with headers that make browsers careful", async (context) => {
  const ui = await mkdtemp(join(tmpdir(), "causeway-ui-"));
  context.after(() => rm(ui, { recursive: true }));
  await mkdir(join(ui, "assets"));
  await writeFile(join(ui, "index.html"), "<!doctype html><title>the index</title>");
  await writeFile(join(ui, "assets", "app-1a2b.js"), "export default 1;");
  const worker = await start({ channels: [] }, { ui });
  const get = (path, accept) => worker.fetch(path, { headers: { accept }, redirect: "manual" });

  for (const path of ["/ui", "/ui/", "/ui/index.html", "/ui/channels/new"]) {
    const page = await get(path, "text/html");
    assert.equal(page.status, 200, path);
    assert.match(await page.text(), /the index/, path);
    assert.match(page.headers.get("content-security-policy"), /frame-ancestors 'none'/);
    assert.equal(page.headers.get("cache-control"), "no-cache");
  }

  const script = await get("/ui/assets/app-1a2b.js", "*/*");
  assert.equal(script.status, 200);
  assert.match(script.headers.get("content-type"), /javascript/);
  assert.match(script.headers.get("cache-control"), /immutable/);
  const known = { "if-none-match": script.headers.get("etag") };
  assert.equal((await worker.fetch("/ui/assets/app-1a2b.js", { headers: known })).status, 304);
  const lost = await get("/ui/assets/lost.js", "*/*");
  assert.equal(lost.status, 404);
  assert.doesNotMatch(lost.headers.get("cache-control"), /immutable/);

  const front = await get("/", "text/html");
  assert.equal(front.status, 302);
  assert.equal(front.headers.get("location"), "/ui/");
  const { features } = await (await get("/api/bootstrap", "*/*")).json();
  assert.deepEqual(features, ["webUi"]);
});
