// Several isolates of the Worker around one object, in one workerd; the object tells who called it with what.

import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as optionsOf } from "wrangler";
import { adminKey, secrets } from "./harness.mjs";

const build = fileURLToPath(new URL("../../edge/build", import.meta.url));
const { assets: _, ...deployed } = optionsOf(fileURLToPath(new URL("../../wrangler.toml", import.meta.url))).workerOptions;

/** The Worker, with an object that writes down its calls and can be made slow or silent. */
const watched = `
import worker, { ControlObject as Real } from "./index.js";
export { LedgerObject } from "./index.js";
export default worker;
let calls = [];
let delay = 0;
export class ControlObject extends Real {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/__calls") return Response.json(calls.splice(0));
    if (pathname === "/__delay") { delay = Number(searchParams.get("ms")); return new Response(); }
    const told = request.method === "GET" ? null : JSON.parse(await request.clone().text());
    calls.push({ at: Date.now(), path: pathname, told });
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    return super.fetch(request);
  }
}`;

/** Starts isolates by `names` on `document`; `state` is a folder in which objects and namespaces outlive them. */
export async function startIsolates(names, document, { state } = {}) {
  const objectOf = (name, className) => ({ className, useSQLite: true, ...(name === names[0] ? {} : { scriptName: names[0] }) });
  const workers = names.map((name) => ({
    ...deployed,
    name,
    bindings: { ...deployed.bindings, ...secrets },
    rootPath: build,
    modulesRoot: ".",
    modules: [
      { type: "ESModule", path: "watched.js", contents: watched },
      { type: "ESModule", path: "index.js" },
      { type: "CompiledWasm", path: "index_bg.wasm" },
    ],
    kvNamespaces: { CONFIG: "config" },
    durableObjects: {
      CONTROL: objectOf(name, "ControlObject"),
      LEDGER: objectOf(name, "LedgerObject"),
    },
    unsafeDirectSockets: [{}],
  }));
  const flare = new Miniflare({ workers, defaultPersistRoot: state, handleStructuredLogs: () => {} });
  await flare.ready;
  if (document) await (await flare.getKVNamespace("CONFIG", names[0])).put("config", JSON.stringify(document));
  const namespace = await flare.getDurableObjectNamespace("CONTROL", names[0]);
  const object = namespace.get(namespace.idFromName("control"));
  const isolates = await Promise.all(names.map(async (name) => {
    const url = await flare.unsafeGetDirectURL(name);
    return { name, url, fetch: (path, init) => fetch(new URL(path, url), init) };
  }));
  return {
    isolates,
    /** What the object was called with since the last question. */
    calls: async () => (await object.fetch("https://control/__calls")).json(),
    slow: async (ms) => (await object.fetch(`https://control/__delay?ms=${ms}`)).text(),
    stop: () => flare.dispose(),
  };
}

/** A call of the management API. */
export async function manage(isolate, method, path, body) {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const response = await isolate.fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
  return answer ? JSON.parse(answer) : undefined;
}
