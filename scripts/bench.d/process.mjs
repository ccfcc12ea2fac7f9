// What the kernel knows of a process.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** Nanoseconds of CPU that the process's threads have used. */
export function cpu(pid) {
  return threads(pid).reduce((sum, task) => sum + Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]), 0);
}

/** Resident memory in MiB. */
export function rss(pid) {
  return status(pid, 'VmRSS');
}

/** The most resident memory in MiB that `during` saw. */
export async function peak(pid, during) {
  // Forgets the peak so far.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  await during();
  return status(pid, 'VmHWM');
}

/** The children of this process that run `program`. */
export function children(program) {
  const pids = threads('self').flatMap((task) => readFileSync(`${task}/children`, 'utf8').trim().split(' '));
  return pids.filter(Boolean).map(Number).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program);
}

function threads(pid) {
  return readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
}

function status(pid, field) {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
