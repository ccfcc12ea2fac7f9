// How much an isolate of the Worker holds.

/** Modules around the Worker that tell, at `/__wasm`, how large its WebAssembly memory is. */
export const watch = {
  "watched.js": `
    import { memories } from "./memories.js";
    import Worker from "./index.js";
    export { ControlObject, LedgerObject } from "./index.js";
    export default class extends Worker {
      async fetch(request) {
        if (new URL(request.url).pathname !== "/__wasm") return super.fetch(request);
        return Response.json(memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
      }
    }`,
  "memories.js": `
    export const memories = [];
    WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
      construct(Instance, given) {
        const instance = new Instance(...given);
        memories.push(instance.exports.memory);
        return instance;
      },
    });`,
};

/** The heap of a Worker that was started with `watch`. */
export async function openHeap(worker) {
  const socket = new WebSocket(worker.inspector);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  // Sent in one go, so that the isolate does nothing else between them; gives what the last one tells.
  const ask = (...methods) => new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data);
      if (id === methods.length) resolve(result);
    };
    methods.forEach((method, index) => socket.send(JSON.stringify({ id: index + 1, method })));
  });
  return {
    /** MiB of JavaScript heap and buffers that a collection leaves. */
    async javascript() {
      const used = await ask("HeapProfiler.collectGarbage", "Runtime.getHeapUsage");
      return (used.usedSize + used.embedderHeapUsedSize + used.backingStorageSize) / 2 ** 20;
    },
    /** MiB of WebAssembly memory, which never shrinks. */
    wasm: async () => (await (await worker.fetch("/__wasm")).json()) / 2 ** 20,
    close: () => socket.close(),
  };
}
