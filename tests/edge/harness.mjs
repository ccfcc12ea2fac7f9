// The built Worker in workerd, in front of the mock upstream.

import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startWorker as start } from "./worker.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const mockBinary = process.env.MOCK_UPSTREAM_BIN ?? `${root}/target/debug/mock-upstream`;

export const clientKey = "cw-client-key-of-the-tests";
export const adminKey = "cwa-admin-key-of-the-tests";
export const upstreamKey = "sk-upstream-key-of-the-tests";
export const secrets = {
  PROXY_ACCESS_KEY: clientKey,
  ADMIN_ACCESS_KEY: adminKey,
  SECRET_KEY: "5a".repeat(32),
};

/** Starts the mock upstream; `lane(name)` commands and questions one of its lanes. */
export async function startMock() {
  const child = spawn(mockBinary, [], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { mock: url, refused } = JSON.parse(line);
  const control = async (method, name, body) => {
    const response = await fetch(`${url}/_control/lanes/${name}`, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  return {
    url,
    refused,
    lane: (name) => ({
      base: `${url}/${name}`,
      always: (behaviour) => control("POST", name, { reset: true, default: behaviour }),
      seen: () => control("GET", name),
    }),
    stop: () => child.kill(),
  };
}

/**
 * Starts the Worker on `document`, its configuration; `bindings` replaces its secrets, `ui` is a folder with
 * the UI's files, `build` the folder of another build.
 */
export async function startWorker(document, { bindings = secrets, ...options } = {}) {
  const logged = [];
  const { url, inspector, stored, stop } = await start({ ...options, bindings, document, log: (message) => logged.push(message) });
  return {
    fetch: (path, init) => fetch(new URL(path, url), init),
    visit: (path, init) => visit(new URL(path, url), init),
    logged: () => logged,
    inspector,
    stored,
    stop,
  };
}

/**
 * A call whose client can `leave`; `content` is the first of its answer. Leaving resets the connection:
 * workerd by itself takes a plain close for a client that has nothing more to say and still listens,
 * where Cloudflare's own front tells it better.
 */
export function visit(url, { method, headers, body }) {
  const request = http.request(url, { method, headers, agent: false });
  const content = new Promise((resolve, reject) => {
    request.on("response", (response) => {
      response.once("data", resolve);
      response.on("error", reject);
    });
    request.on("error", reject);
  });
  // Left before any content.
  content.catch(() => {});
  request.end(body);
  return { content, leave: () => request.socket.resetAndDestroy() };
}

/** A channel that speaks the four streaming protocols at `base`. */
export function channel(name, base, more = {}) {
  const endpoints = ["chat", "messages", "responses", "gemini"].map((protocol) => ({ protocol, baseUrl: base }));
  return { name, endpoints, keys: [{ key: upstreamKey }], ...more };
}

/** Asks until `question` has an answer that `holds`; for what the other side notices in its own time. */
export async function eventually(question, holds) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await question();
    if (holds(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("what was waited for did not happen");
}

/** One streamed call of each protocol: where it goes, who calls, what it says. */
export const streams = {
  chat: {
    path: "/v1/chat/completions",
    upstream: { authorization: `Bearer ${upstreamKey}` },
    headers: { authorization: `Bearer ${clientKey}` },
    body: { model: "gpt-test", stream: true, messages: [{ role: "user", content: "Say hello." }] },
  },
  messages: {
    path: "/v1/messages",
    upstream: { "x-api-key": upstreamKey, "anthropic-version": "2023-06-01" },
    headers: { "x-api-key": clientKey, "anthropic-version": "2023-06-01" },
    body: {
      model: "claude-test",
      stream: true,
      max_tokens: 100,
      messages: [{ role: "user", content: "Say hello." }],
    },
  },
  responses: {
    path: "/v1/responses",
    upstream: { authorization: `Bearer ${upstreamKey}` },
    headers: { authorization: `Bearer ${clientKey}` },
    body: { model: "gpt-test", stream: true, input: "Say hello." },
  },
  gemini: {
    path: "/v1beta/models/gemini-test:streamGenerateContent?alt=sse",
    upstream: { "x-goog-api-key": upstreamKey },
    headers: { "x-goog-api-key": clientKey },
    body: { contents: [{ role: "user", parts: [{ text: "Say hello." }] }] },
  },
};

/** The call as `fetch` wants it; `as` picks the headers of the client or of the gateway itself. */
export function call({ body, ...stream }, as = "headers") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { method: "POST", headers: { "content-type": "application/json", ...stream[as] }, body: text };
}
