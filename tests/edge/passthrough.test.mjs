// Same protocol on both sides, through workerd.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, channel, clientKey, eventually, startMock, startWorker, streams, upstreamKey } from "./harness.mjs";

let mock;
let lane;
let worker;

before(async () => {
  mock = await startMock();
  lane = mock.lane("upstream");
  worker = await startWorker({ channels: [channel("upstream", lane.base)] });
});

after(async () => {
  await worker?.stop();
  mock?.stop();
});

for (const [protocol, stream] of Object.entries(streams)) {
  test(`a ${protocol} stream passes byte for byte`, async () => {
    await lane.always({});
    const direct = await fetch(lane.base + stream.path, call(stream, "upstream"));
    assert.equal(direct.status, 200);
    const expected = await direct.text();
    await lane.always({
      reply: { body: expected, writeBytes: 7, headers: { "content-type": "text/event-stream" } },
    });

    const response = await worker.fetch(stream.path, call(stream));

    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    assert.equal(response.headers.get("x-causeway-channel"), "upstream");
    assert.match(response.headers.get("x-causeway-request-id"), /^req_/);
    assert.equal(await response.text(), expected);
  });

  test(`a ${protocol} request reaches the upstream byte for byte and with its length`, async () => {
    await lane.always({});
    // Odd spacing, an unknown field and numbers that no parser gives back the way they came.
    const text = JSON.stringify(stream.body).replace("{", '{ "unknown" : [1.10, 1e5, 123456789012345678901234567890] ,');
    const response = await worker.fetch(stream.path, call({ ...stream, body: text }));
    await response.text();

    const { requests, violations } = await lane.seen();
    assert.deepEqual(violations, []);
    assert.equal(requests.length, 1);
    const [request] = requests;
    const headers = Object.fromEntries(request.headers);
    assert.equal(request.body, text);
    assert.equal(headers["content-length"], String(Buffer.byteLength(text)));
    assert.equal(headers["transfer-encoding"], undefined);
    assert.equal(request.key, upstreamKey);
    assert.ok(!JSON.stringify(requests).includes(clientKey), "the client's key went upstream");
  });

  test(`a ${protocol} stream arrives while its upstream still holds the rest back, and a client that leaves ends it`, async () => {
    await lane.always({ do: { stall_after: { events: 6 } }, reply: { events: 10 } });
    const client = worker.visit(stream.path, call(stream));
    assert.ok((await client.content).length > 0);
    assert.deepEqual((await lane.seen()).aborted, []);

    client.leave();

    const { aborted } = await eventually(lane.seen, ({ aborted }) => aborted.length > 0);
    assert.equal(aborted.length, 1);
  });
}

test("a client that leaves before any answer ends the request upstream", async () => {
  await lane.always({ do: "stall_headers" });
  const client = worker.visit(streams.chat.path, call(streams.chat));
  await eventually(lane.seen, ({ count }) => count > 0);

  client.leave();

  const { aborted } = await eventually(lane.seen, ({ aborted }) => aborted.length > 0);
  assert.equal(aborted.length, 1);
});

test("after clients left in the middle, the same isolate serves on", async () => {
  await lane.always({ do: { stall_after: { events: 6 } }, reply: { events: 10 } });
  for (let round = 0; round < 20; round++) {
    const client = worker.visit(streams.chat.path, call(streams.chat));
    await client.content;
    client.leave();
  }
  await eventually(lane.seen, ({ aborted }) => aborted.length === 20);
  // Each was settled: recorded, its lease reported, nobody blamed.
  const left = () => worker.logged().filter((line) => line.includes('"ClientGone"'));
  await eventually(left, (lines) => lines.length >= 20);

  await lane.always({});
  const response = await worker.fetch(streams.chat.path, call(streams.chat));
  assert.equal(response.status, 200);
  assert.match(await response.text(), /\[DONE\]/);
});

test("concurrent streams do not mix", async () => {
  await lane.always({ reply: { events: 20, delayMs: 1 } });
  const texts = await Promise.all(
    Array.from({ length: 20 }, async () => (await worker.fetch(streams.chat.path, call(streams.chat))).text()),
  );
  for (const text of texts) assert.equal(text.match(/\[DONE\]/g)?.length, 1);
});

test("an answer in one piece has its length", async () => {
  await lane.always({});
  const body = { ...streams.chat.body, stream: false };
  const response = await worker.fetch(streams.chat.path, call({ ...streams.chat, body }));
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.equal(response.headers.get("content-length"), String(Buffer.byteLength(text)));
  assert.equal(JSON.parse(text).object, "chat.completion");
});

test("a compressed answer arrives as what it says", async () => {
  await lane.always({ do: "gzip" });
  const response = await worker.fetch(streams.chat.path, call(streams.chat));
  assert.equal(response.status, 200);
  assert.match(await response.text(), /\[DONE\]/);
});

test("a body of one megabyte passes unchanged", async () => {
  await lane.always({});
  const content = "ü".repeat(512 * 1024);
  const text = JSON.stringify({ ...streams.chat.body, messages: [{ role: "user", content }] });
  const response = await worker.fetch(streams.chat.path, call({ ...streams.chat, body: text }));
  assert.equal(response.status, 200);
  await response.text();
  const { requests } = await lane.seen();
  assert.equal(requests[0].body, text);
});
