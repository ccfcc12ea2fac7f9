// The real agent CLIs on every upstream: each thinks, calls a tool, sends its result back and prints the last words.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NOTE, clients, prepare, workplace } from "./clients.mjs";
import { start } from "./fixture.mjs";

const PROMPT = "Read note.txt and tell me what it says.";
const LAST_WORDS = "All done: it was a heron.";
const THINKING = "The note has to be read first.";

let fixture;
before(async () => {
  fixture = await start();
  prepare();
});
after(() => fixture?.stop());

// What tools said, in the upstream's protocol.
const results = {
  messages: (body) => (body.messages ?? []).flatMap((it) => (Array.isArray(it.content) ? it.content : [])).filter((it) => it.type === "tool_result"),
  chat: (body) => (body.messages ?? []).filter((it) => it.role === "tool"),
  responses: (body) => (Array.isArray(body.input) ? body.input : []).filter((it) => it.type?.endsWith("_call_output")),
  gemini: (body) => (body.contents ?? []).flatMap((it) => it.parts).filter((it) => it.functionResponse),
};

// The turn was completed: last words printed, the tool's result sent, the thinking brought back, and nothing sent that no vendor takes.
async function assertTurn(result, lane, upstream, said) {
  const told = `${result.stdout}\n${result.stderr}`;
  assert.equal(result.code, 0, told);
  assert.ok(result.stdout.includes(LAST_WORDS), told);
  const seen = await fixture.seen(lane);
  assert.deepEqual(seen.violations, []);
  const sent = seen.requests.flatMap((request) => results[upstream](request.json ?? {}));
  assert.ok(JSON.stringify(sent).includes(said), JSON.stringify(sent));
  const last = seen.requests.at(-1);
  const marks = upstream === "chat" ? [THINKING] : seen.seals;
  assert.ok(marks.some((mark) => last.body.includes(mark)), `no ${marks} in ${last.body}`);
  return seen.requests;
}

const reply = (tool, structured) => ({ text: LAST_WORDS, thinking: THINKING, tool, structured });

for (const [id, client] of Object.entries(clients)) {
  for (const upstream of ["messages", "chat", "responses", "gemini"]) {
    test(`${client.name} completes a tool turn on ${upstream}`, async (t) => {
      if (!fixture.url && upstream !== client.protocol) return t.skip("nobody converts");
      const { lane, base, key } = await fixture.lane(`${id}-${upstream}`, upstream, reply(client.tool, client.structured));
      const result = await client.run(workplace(t), { base, key, prompt: PROMPT });
      const requests = await assertTurn(result, lane, upstream, NOTE);
      if (id === "codex") assert.equal(requests.length, 2, "a retried stream is more than two requests");
      if (id === "claude" && upstream === "messages") assert.equal(requests.at(-1).query, "beta=true");
    });
  }
}

const PATCH = `*** Begin Patch
*** Update File: note.txt
@@
-${NOTE}
+the note says "kingfisher" \\ — ünïcode 🐦
*** End Patch
`;

for (const upstream of ["messages", "chat", "responses", "gemini"]) {
  test(`Codex edits a file with its freeform tool on ${upstream}`, async (t) => {
    if (!fixture.url && upstream !== "responses") return t.skip("nobody converts");
    const place = workplace(t);
    const tool = { name: "apply_patch", arguments: { input: PATCH } };
    const { lane, base, key } = await fixture.lane(`codex-patch-${upstream}`, upstream, reply(tool));
    // A model whose profile has that tool.
    const result = await clients.codex.run(place, { base, key, prompt: "Make it a kingfisher.", model: "gpt-5.5" });
    await assertTurn(result, lane, upstream, "note.txt");
    assert.equal(place.note(), 'the note says "kingfisher" \\ — ünïcode 🐦\n');
  });
}

for (const upstream of ["messages", "chat", "gemini"]) {
  test(`Codex runs its newest models' code tool on ${upstream}`, async (t) => {
    if (!fixture.url) return t.skip("nobody converts");
    const code = 'const it = await tools.exec_command({ cmd: "cat note.txt" });\ntext(it.output);';
    // It is offered inside the conversation, in a namespace, and takes free text.
    const tool = { name: "functions__exec", arguments: { input: code } };
    const { lane, base, key } = await fixture.lane(`codex-code-${upstream}`, upstream, reply(tool));
    const result = await clients.codex.run(workplace(t), { base, key, prompt: PROMPT, model: "gpt-6-sol" });
    await assertTurn(result, lane, upstream, NOTE);
  });
}
