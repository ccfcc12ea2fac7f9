// The real agent CLIs, each headless in a home and a working folder of its own.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const MODULES = path.join(import.meta.dirname, "node_modules");
const LIMIT_MS = 120_000;

export const NOTE = "the note says heron";

// Packages are installed without their scripts; this one puts its binary in place and downloads nothing.
export function prepare() {
  const claude = path.join(MODULES, "@anthropic-ai", "claude-code");
  const placed = spawnSync(process.execPath, ["install.cjs"], { cwd: claude, encoding: "utf8" });
  assert.equal(placed.status, 0, placed.stderr);
}

// What each CLI is called with, and the tool that reads a file there.
export const clients = {
  claude: {
    name: "Claude Code",
    protocol: "messages",
    tool: { name: "Bash", arguments: { command: "cat note.txt", description: "Read the note" } },
    run: (place, { base, key, prompt }) =>
      run(place, "claude", ["-p", prompt, "--allowedTools", "Bash"], {
        ANTHROPIC_BASE_URL: base,
        ANTHROPIC_AUTH_TOKEN: key,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        IS_SANDBOX: "1",
      }),
  },
  codex: {
    name: "Codex",
    protocol: "responses",
    tool: { name: "exec_command", arguments: { cmd: "cat note.txt" } },
    run: (place, { base, key, prompt, model = "gpt-mock" }) => {
      write(
        path.join(place.home, ".codex", "config.toml"),
        `model = "${model}"
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
      return run(place, "codex", ["exec", "--skip-git-repo-check", prompt], { GATEWAY_KEY: key });
    },
  },
  gemini: {
    name: "Gemini CLI",
    protocol: "gemini",
    tool: { name: "run_shell_command", arguments: { command: "cat note.txt", description: "Read the note" } },
    // The answer to its router, which asks another model first.
    structured: { complexity_reasoning: "one file", complexity_score: 5 },
    run: (place, { base, key, prompt }) => {
      write(
        path.join(place.home, ".gemini", "settings.json"),
        JSON.stringify({ security: { auth: { selectedType: "gemini-api-key" } } }),
      );
      return run(place, "gemini", ["--skip-trust", "--yolo", "-p", prompt], {
        GEMINI_API_KEY: key,
        GOOGLE_GEMINI_BASE_URL: base,
      });
    },
  },
};

// A home and a working folder of its own, removed afterwards.
export function workplace(t) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "causeway-cli-"));
  t.after(() => fs.rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const [home, work] = ["home", "work"].map((name) => path.join(root, name));
  fs.mkdirSync(home);
  fs.mkdirSync(work);
  const note = path.join(work, "note.txt");
  fs.writeFileSync(note, `${NOTE}\n`);
  return { home, work, note: () => fs.readFileSync(note, "utf8") };
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
