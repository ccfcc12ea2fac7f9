// The real agent CLIs, headless: each thinks, calls a tool, sends its result back and prints the last words.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { start } from "./fixture.mjs";

const MODULES = path.join(import.meta.dirname, "node_modules");
const PROMPT = "Read note.txt and tell me what it says.";
const NOTE = "the note says heron";
const LAST_WORDS = "All done: it was a heron.";
const LIMIT_MS = 120_000;

let fixture;
before(async () => {
  fixture = await start();
  // Packages are installed without their scripts; this one puts its binary in place and downloads nothing.
  const claude = path.join(MODULES, "@anthropic-ai", "claude-code");
  const placed = spawnSync(process.execPath, ["install.cjs"], { cwd: claude, encoding: "utf8" });
  assert.equal(placed.status, 0, placed.stderr);
});
after(() => fixture?.stop());

// A home and a working folder of its own, removed afterwards.
function workplace(t) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "causeway-cli-"));
  t.after(() => fs.rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const [home, work] = ["home", "work"].map((name) => path.join(root, name));
  fs.mkdirSync(home);
  fs.mkdirSync(work);
  fs.writeFileSync(path.join(work, "note.txt"), `${NOTE}\n`);
  return { home, work };
}

function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

// Runs to its end within the limit; stdin is closed and nothing of our own environment leaks in.
async function run(place, command, args, environment) {
  const child = spawn(path.join(MODULES, ".bin", command), args, {
    cwd: place.work,
    env: { PATH: process.env.PATH, HOME: place.home, TERM: "dumb", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (data) => (output[name] += data));
  const timer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), LIMIT_MS);
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  clearTimeout(timer);
  return { code, ...output };
}

function reply(tool, more) {
  return { text: LAST_WORDS, thinking: "The note has to be read first.", tool, ...more };
}

// The turn was completed: last words printed, the tool's result sent, and nothing sent that no vendor takes.
async function assertTurn(result, lane, results) {
  const told = `${result.stdout}\n${result.stderr}`;
  assert.equal(result.code, 0, told);
  assert.ok(result.stdout.includes(LAST_WORDS), told);
  const seen = await fixture.seen(lane);
  assert.deepEqual(seen.violations, []);
  const sent = seen.requests.flatMap((request) => results(request.json ?? {}));
  assert.ok(JSON.stringify(sent).includes(NOTE), JSON.stringify(sent));
  return seen.requests;
}

test("Claude Code completes a tool turn", async (t) => {
  const command = { command: "cat note.txt", description: "Read the note" };
  const { lane, base, key } = await fixture.lane("claude", "messages", reply({ name: "Bash", arguments: command }));
  const result = await run(workplace(t), "claude", ["-p", PROMPT, "--allowedTools", "Bash"], {
    ANTHROPIC_BASE_URL: base,
    ANTHROPIC_AUTH_TOKEN: key,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    IS_SANDBOX: "1",
  });
  const requests = await assertTurn(result, lane, (body) =>
    (body.messages ?? []).flatMap((message) =>
      Array.isArray(message.content) ? message.content.filter((block) => block.type === "tool_result") : [],
    ),
  );
  const last = requests.at(-1);
  assert.equal(last.query, "beta=true");
  const replayed = last.json.messages.flatMap((message) => message.content).find((block) => block.type === "thinking");
  assert.ok(replayed?.signature, "the signature came back");
});

test("Codex completes a tool turn", async (t) => {
  const place = workplace(t);
  const tool = { name: "exec_command", arguments: { cmd: "cat note.txt" } };
  const { lane, base, key } = await fixture.lane("codex", "responses", reply(tool));
  write(
    path.join(place.home, ".codex", "config.toml"),
    `model = "gpt-mock"
model_provider = "gateway"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[model_providers.gateway]
name = "gateway"
base_url = "${base}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
`,
  );
  const result = await run(place, "codex", ["exec", "--skip-git-repo-check", PROMPT], { GATEWAY_KEY: key });
  const requests = await assertTurn(result, lane, (body) =>
    (body.input ?? []).filter((item) => item.type === "function_call_output"),
  );
  assert.equal(requests.length, 2, "a retried stream is more than two requests");
  const reasoning = requests[1].json.input.find((item) => item.type === "reasoning");
  assert.ok(reasoning?.encrypted_content, "the encrypted reasoning came back");
});

test("Gemini CLI completes a tool turn", async (t) => {
  const place = workplace(t);
  const command = { command: "cat note.txt", description: "Read the note" };
  const structured = { complexity_reasoning: "one file", complexity_score: 5 };
  const tool = { name: "run_shell_command", arguments: command };
  const { lane, base, key } = await fixture.lane("gemini", "gemini", reply(tool, { structured }));
  write(
    path.join(place.home, ".gemini", "settings.json"),
    JSON.stringify({ security: { auth: { selectedType: "gemini-api-key" } } }),
  );
  const result = await run(place, "gemini", ["--skip-trust", "--yolo", "-p", PROMPT], {
    GEMINI_API_KEY: key,
    GOOGLE_GEMINI_BASE_URL: base,
  });
  const requests = await assertTurn(result, lane, (body) =>
    (body.contents ?? []).flatMap((content) => content.parts.filter((part) => part.functionResponse)),
  );
  const parts = requests.at(-1).json.contents.flatMap((content) => content.parts);
  assert.ok(parts.find((part) => part.functionCall)?.thoughtSignature, "the thought signature came back");
});
