// How much an isolate of the Worker holds.

/** Modules around the Worker that tell, at `/__wasm`, how large its WebAssembly memory is. */
export const watch = {
  "watched.js": `
    import { memories } from "./memories.js";
    import Worker from "./index.js";
    export { ControlObject } from "./index.js";
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
  const ask = (method) => new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve(JSON.parse(data).result);
    socket.send(JSON.stringify({ id: 1, method }));
  });
  return {
    /** MiB of JavaScript heap and buffers that a collection leaves, and of WebAssembly memory, which never shrinks. */
    async held() {
      await ask("HeapProfiler.collectGarbage");
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = await ask("Runtime.getHeapUsage");
      const wasm = await (await worker.fetch("/__wasm")).json();
      return { javascript: (usedSize + embedderHeapUsedSize + backingStorageSize) / 2 ** 20, wasm: wasm / 2 ** 20 };
    },
    close: () => socket.close(),
  };
}
