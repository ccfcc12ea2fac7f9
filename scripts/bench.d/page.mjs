// The measured parts of docs/performance.md.

import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'docs/performance.md';

/** Replaces what stands between the markers of `part`. */
export function write(part, text) {
  const block = `<!-- ${part} -->\n${text}<!-- /${part} -->`;
  const page = readFileSync(FILE, 'utf8');
  writeFileSync(FILE, page.replace(new RegExp(`<!-- ${part} -->[\\s\\S]*<!-- /${part} -->`), () => block));
}
