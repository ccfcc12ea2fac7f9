// The built Worker in workerd, set up as wrangler.toml says.

import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as optionsOf } from "wrangler";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { assets, ...deployed } = optionsOf(`${root}/wrangler.toml`).workerOptions;

/**
 * Starts the Worker. `bindings` are its secrets and variables, beside those of wrangler.toml; `document` is put where it
 * finds its configuration; `ui` is a folder with the UI's files, `build` the folder of another build; `state` is where
 * its namespaces and objects are kept, `log` takes what it says. Requests go to it directly: miniflare's own entry in
 * front would hide when a client leaves.
 */
export async function startWorker({ bindings, document, ui, build = "build", state, log = () => {} }) {
  const worker = new Miniflare({
    ...deployed,
    bindings: { ...deployed.bindings, ...bindings },
    assets: ui && { ...assets, directory: ui },
    rootPath: `${root}/edge/${build}`,
    modulesRoot: ".",
    modules: [
      { type: "ESModule", path: "index.js" },
      { type: "CompiledWasm", path: "index_bg.wasm" },
    ],
    defaultPersistRoot: state,
    unsafeDirectSockets: [{}],
    handleStructuredLogs: ({ message }) => {
      log(message);
    },
  });
  await worker.ready;
  const kv = await worker.getKVNamespace("CONFIG");
  if (document) await kv.put("config", JSON.stringify(document));
  return { url: await worker.unsafeGetDirectURL(), kv, stop: () => worker.dispose() };
}
