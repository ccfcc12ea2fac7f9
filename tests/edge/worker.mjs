// The built Worker in workerd, set up as wrangler.toml says.

import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as optionsOf } from "wrangler";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { assets, ...deployed } = optionsOf(`${root}/wrangler.toml`).workerOptions;

// Who writes and reads the configuration beside the Worker. Miniflare's own way to a namespace takes longer than all else.
const operator = {
  name: "operator",
  compatibilityDate: deployed.compatibilityDate,
  kvNamespaces: deployed.kvNamespaces,
  modules: true,
  script: `export default {
    async fetch(request, { CONFIG }) {
      if (request.method === "PUT") await CONFIG.put("config", await request.text());
      return new Response(await CONFIG.get("config"));
    },
  };`,
  unsafeDirectSockets: [{}],
};

/**
 * Starts the Worker. `bindings` are its secrets and variables, beside those of wrangler.toml; `document` is put where it
 * finds its configuration; `ui` is a folder with the UI's files, `build` the folder of another build; `state` is where
 * its namespaces and objects are kept, `log` takes what it says; `watch` are modules around it by name, the first its
 * entry, and opens its inspector. Requests go to it directly: miniflare's own entry in front would hide when a client
 * leaves.
 */
export async function startWorker({ bindings, document, ui, build = "build", state, log = () => {}, watch }) {
  const worker = {
    ...deployed,
    name: "causeway",
    bindings: { ...deployed.bindings, ...bindings },
    assets: ui && { ...assets, directory: ui },
    rootPath: `${root}/edge/${build}`,
    modulesRoot: ".",
    modules: [
      ...Object.entries(watch ?? {}).map(([path, contents]) => ({ type: "ESModule", path, contents })),
      { type: "ESModule", path: "index.js" },
      { type: "CompiledWasm", path: "index_bg.wasm" },
    ],
    unsafeDirectSockets: [{}],
  };
  const runtime = new Miniflare({
    workers: [worker, operator],
    defaultPersistRoot: state,
    inspectorPort: watch && 0,
    handleStructuredLogs: ({ message }) => {
      log(message);
    },
  });
  await runtime.ready;
  const operated = await runtime.unsafeGetDirectURL(operator.name);
  const ask = async (init) => (await fetch(operated, init)).text();
  if (document) await ask({ method: "PUT", body: JSON.stringify(document) });
  const url = await runtime.unsafeGetDirectURL(worker.name);
  const inspector = watch && new URL(`/core:user:${worker.name}`, await runtime.getInspectorURL());
  return { url: url.origin, inspector, stored: () => ask(), stop: () => runtime.dispose() };
}
