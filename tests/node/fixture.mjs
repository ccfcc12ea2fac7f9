// Where the gateway and the mock are: CAUSEWAY_URL, CAUSEWAY_KEY, CAUSEWAY_ADMIN_KEY and MOCK_URL; with none of them,
// `serve-fixture` (or CAUSEWAY_FIXTURE) is started. With MOCK_URL alone the mock stands in for the gateway.

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import readline from "node:readline";

const ROOT = path.resolve(import.meta.dirname, "../..");

export async function start() {
  const { MOCK_URL: mock, CAUSEWAY_URL: url, CAUSEWAY_KEY: key, CAUSEWAY_ADMIN_KEY: adminKey } = process.env;
  if (mock) return new Fixture({ mock, url, key, adminKey }, () => {});
  const folder = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target");
  const program = process.env.CAUSEWAY_FIXTURE ?? path.join(folder, "debug", "serve-fixture");
  const child = spawn(program, ["--attached"], { stdio: ["pipe", "pipe", "inherit"] });
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  const [line] = await Promise.race([once(readline.createInterface(child.stdout), "line"), failed]);
  return new Fixture(JSON.parse(line), () => child.stdin.end());
}

class Fixture {
  constructor(target, stop) {
    Object.assign(this, target, { stop });
  }

  // A lane of the mock with a channel of its own before it, and where its clients go.
  async lane(name, protocol, reply) {
    const lane = `${name}-${process.pid}`;
    await this.#json("POST", `${this.mock}/_control/lanes/${lane}`, { reset: true, default: { reply } });
    if (!this.url) return { lane, base: `${this.mock}/${lane}`, key: "sk-direct" };
    await this.#json("POST", `${this.url}/api/channels`, {
      name: lane,
      routePrefix: lane,
      endpoints: [{ protocol, baseUrl: `${this.mock}/${lane}` }],
      keys: [{ key: `sk-${lane}` }],
    });
    return { lane, base: `${this.url}/${lane}`, key: this.key };
  }

  // What a lane received, bodies parsed where they are JSON.
  async seen(lane) {
    const seen = await this.#json("GET", `${this.mock}/_control/lanes/${lane}`);
    for (const request of seen.requests) request.json = request.body.startsWith("{") ? JSON.parse(request.body) : null;
    return seen;
  }

  async #json(method, url, body) {
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.adminKey}` };
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
}
