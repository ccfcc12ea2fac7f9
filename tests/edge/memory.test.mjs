// What many large streams at once hold of a Worker's 128 MB.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openHeap, watch } from "./heap.mjs";
import { call, channel, clientKey, startMock, startWorker, streams } from "./harness.mjs";

const megabyte = 2 ** 20;
const headers = { authorization: `Bearer ${clientKey}` };

let mock;
let worker;
let heap;

before(async () => {
  mock = await startMock();
  const lane = mock.lane("large");
  await lane.always({ reply: { text: `${"x".repeat(4095)} `.repeat(256), delayMs: 4 } });
  const speaking = (protocol) => ({
    ...channel(protocol, lane.base),
    routePrefix: protocol,
    endpoints: [{ protocol, baseUrl: lane.base }],
  });
  worker = await startWorker({ channels: ["chat", "messages"].map(speaking) }, { watch });
  heap = await openHeap(worker);
});

after(async () => {
  heap?.close();
  await worker?.stop();
  mock?.stop();
});

for (const [name, prefix] of [["passed through", "chat"], ["converted", "messages"]]) {
  test(`20 streams of one megabyte at once, ${name}, hold less than 48 MB`, async (context) => {
    const reading = Array.from({ length: 20 }, () => read(prefix));
    let under = reading.length;
    const ended = Promise.all(reading.map((stream) => stream.finally(() => under--)));
    let most = 0;
    while (under > 0) most = Math.max(most, await heap.javascript());
    await ended;
    const wasm = await heap.wasm();
    context.diagnostic(`${most.toFixed(1)} MiB of JavaScript at the most, ${wasm.toFixed(1)} MiB of WebAssembly`);
    assert.ok(most > 0 && most + wasm < 48);
  });
}

/** Reads a stream of the channel to its end. */
async function read(prefix) {
  const response = await worker.fetch(`/${prefix}${streams.chat.path}`, call({ ...streams.chat, headers }));
  assert.equal(response.status, 200);
  assert.ok((await response.text()).length > megabyte);
}
