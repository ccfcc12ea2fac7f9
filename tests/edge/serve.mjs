// Workers for suites in other languages. Prints where it listens, and ends with its standard input. A connection is a
// Worker, with the UI as `scripts/build-web` built it: it says in one line of JSON what it wants, `{bindings, document,
// state, log}` as `startWorker` has them and the name of a log file; it gets the Worker's origin in another, and the
// Worker ends with it.

import { appendFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startWorker } from "./worker.mjs";

const ui = fileURLToPath(new URL("../../web/dist", import.meta.url));
const server = createServer({ allowHalfOpen: true }, async (connection) => {
  const input = createInterface({ input: connection });
  const ended = once(input, "close");
  try {
    const [line] = await once(input, "line");
    const { log, ...order } = JSON.parse(line);
    const worker = await startWorker({ ...order, ui, log: (message) => appendFileSync(log, `${message}\n`) });
    connection.write(`${worker.url}\n`);
    await ended;
    await worker.stop();
  } catch (error) {
    console.error(error);
  }
  connection.end();
});

server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
process.stdin.resume().on("end", () => process.exit());
