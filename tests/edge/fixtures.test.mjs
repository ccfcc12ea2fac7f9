// The golden fixtures of conversion come out of workerd byte for byte as they came out natively, and the stores do what
// every store has to.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startWorker } from "./harness.mjs";

const folder = fileURLToPath(new URL("../fixtures", import.meta.url));
const protocols = ["messages", "chat", "responses", "gemini"];
const gaps = readFileSync(`${folder}/known_gaps.txt`, "utf8").split("\n").map((line) => line.split("  ")[0]);

let worker;
before(async () => {
  worker = await startWorker(undefined, { build: "build-fixtures" });
});
after(() => worker?.stop());

/** Every input of a kind and what must become of it: an output's name is its input's with the target in it. */
function cells(kind) {
  return protocols.flatMap((from) => {
    const inputs = readdirSync(`${folder}/${kind}/${from}`).filter((file) => file.split(".").length === 2);
    return inputs.flatMap((file) => {
      const [name, extension] = file.split(".");
      const input = readFileSync(`${folder}/${kind}/${from}/${file}`);
      return protocols
        .map((to) => ({ id: `${kind}/${from}/${name}.${to}`, from, to, input, extension }))
        .filter(({ id }) => !gaps.includes(id));
    });
  });
}

for (const kind of ["request", "response", "stream", "error"]) {
  test(`every ${kind} of the fixtures is the same in workerd`, async () => {
    const all = cells(kind);
    assert.ok(all.length > 0);
    const wrong = [];
    for (const { id, from, to, input, extension } of all) {
      const response = await worker.fetch(`/__fixtures/${kind}/${from}/${to}`, { method: "POST", body: input });
      const output = Buffer.from(await response.arrayBuffer());
      if (!output.equals(readFileSync(`${folder}/${id}.${extension}`))) wrong.push(`${id}: ${output}`);
    }
    assert.deepEqual(wrong, [], `${wrong.length} of ${all.length} differ`);
  });
}

for (const [what, object] of [["config-store", "ControlObject"], ["database", "LedgerObject"]]) {
  test(`${object} is a ${what} like any other`, async () => {
    const response = await worker.fetch(`/__conformance/${what}`, { method: "POST" });
    assert.equal(response.status, 200, await response.text());
  });
}
