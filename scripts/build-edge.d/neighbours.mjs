// usage: node neighbours.mjs in.wasm out.wasm   names the functions of a module so that `wasm-opt --reorder-functions-by-name`
// puts the ones that resemble each other together
//
// gzip finds a repetition only within 32 KiB, and what the compiler makes of one generic function for twenty types it
// scatters over megabytes. The module must not have a name section.

import { readFileSync, writeFileSync } from 'node:fs';

const WINDOW = 32 * 1024;
// Bytes in a run that two functions share; shorter ones are in all of them, and so are those in more than MOST.
const RUN = 6;
const MOST = 400;
// Added to a function's length, or the shortest would all come first.
const HANDICAP = 80;

const HEADER = 8;
const CUSTOM_SECTION = 0;
const CODE_SECTION = 10;
const FUNCTION_NAMES = 1;

class Reader {
  #content;
  #at = 0;

  constructor(content) {
    this.#content = content;
  }

  get done() {
    return this.#at === this.#content.length;
  }

  byte() {
    return this.#content[this.#at++];
  }

  number() {
    const byte = this.byte();
    return byte < 128 ? byte : (byte & 127) + 128 * this.number();
  }

  bytes() {
    const length = this.number();
    this.#at += length;
    return this.#content.subarray(this.#at - length, this.#at);
  }
}

const [source, destination] = process.argv.slice(2);
const wasm = readFileSync(source);
const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasm)).filter(({ kind }) => kind === 'function');
writeFileSync(destination, Buffer.concat([wasm, names(order(functions(wasm)), imports.length)]));

/** The indices of `bodies`, each after those that it shares most runs with. */
function order(bodies) {
  const runs = sharedRuns(bodies);
  const holders = new Map();
  runs.forEach((list, index) => list.forEach((run) => holders.get(run)?.push(index) ?? holders.set(run, [index])));
  const near = new Map();
  const shared = new Float64Array(bodies.length);
  const count = (index, step) => {
    for (const run of runs[index]) {
      const before = near.get(run) ?? 0;
      near.set(run, before + step);
      if (before > 0 && before + step > 0) continue;
      // The fewer functions share a run, the more it tells.
      const others = holders.get(run);
      for (const holder of others) shared[holder] += step / Math.sqrt(others.length);
    }
  };

  const rest = new Set(bodies.keys());
  const ordered = [];
  let [first, size] = [0, 0];
  while (rest.size > 0) {
    let next;
    let most = -1;
    for (const index of rest) {
      const share = shared[index] / (bodies[index].length + HANDICAP);
      if (share > most) [next, most] = [index, share];
    }
    rest.delete(next);
    ordered.push(next);
    count(next, 1);
    size += bodies[next].length;
    for (; size > WINDOW && first < ordered.length - 1; first += 1) {
      count(ordered[first], -1);
      size -= bodies[ordered[first]].length;
    }
  }
  return ordered;
}

/** For each body a hash of every run of bytes in it that is also in some others. */
function sharedRuns(bodies) {
  const holders = new Map();
  const runs = bodies.map((body) => {
    const found = new Set();
    for (let at = 0; at + RUN <= body.length; at += 1) {
      let hash = 0;
      for (let byte = 0; byte < RUN; byte += 1) hash = Math.imul(hash, 0x01000193) ^ body[at + byte];
      found.add(hash);
    }
    for (const run of found) holders.set(run, (holders.get(run) ?? 0) + 1);
    return found;
  });
  return runs.map((found) => [...found].filter((run) => holders.get(run) > 1 && holders.get(run) <= MOST));
}

/** The bodies in the code section: https://webassembly.github.io/spec/core/binary/modules.html */
function functions(wasm) {
  const sections = new Reader(wasm.subarray(HEADER));
  while (!sections.done) {
    const section = sections.byte();
    const content = new Reader(sections.bytes());
    if (section === CODE_SECTION) return Array.from({ length: content.number() }, () => content.bytes());
  }
  return [];
}

/** A name section in which the names are in this order, behind so many imports. */
function names(order, imports) {
  const digits = String(order.length).length;
  const entries = order
    .map((index, place) => [imports + index, String(place).padStart(digits, '0')])
    .sort(([left], [right]) => left - right)
    .map(([index, name]) => Buffer.concat([number(index), bytes(Buffer.from(name))]));
  const map = Buffer.concat([Buffer.from([FUNCTION_NAMES]), bytes(Buffer.concat([number(order.length), ...entries]))]);
  return Buffer.concat([Buffer.from([CUSTOM_SECTION]), bytes(Buffer.concat([bytes(Buffer.from('name')), map]))]);
}

/** Bytes behind their number. */
function bytes(content) {
  return Buffer.concat([number(content.length), content]);
}

/** LEB128, as all numbers here are. */
function number(value) {
  const written = [];
  for (; value > 127; value >>>= 7) written.push((value & 127) | 128);
  return Buffer.from([...written, value]);
}
