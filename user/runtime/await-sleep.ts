// Waiting until another process waits, so that what comes next finds it there: no time is long
// enough on a machine that is busy.

import { SystemCall } from "../../src/abi/linux/i386";
import { call, expect, fork, statusOf } from "./answers";
import { procPath, readText, text } from "./proc-text";

const PARENTHESIS: u8 = 0x29;
const ASLEEP: u8 = 0x53;
const ENDED: u8 = 0x5a;

/**
 * Waits until a process sleeps, or has ended. Another process looks: what this one opened meanwhile
 * would take descriptors from a process that has the same.
 */
export function awaitSleep(process: i32): void {
  const watcher = fork();
  if (watcher === 0) {
    watchSleep(process);
    call(SystemCall.exit, 0);
  }
  expect(cstr("watcher"), statusOf(watcher), 0);
}

/** The same by this process, which opens a file for it. */
export function watchSleep(process: i32): void {
  let state: u8 = 0;
  while (state !== ASLEEP && state !== ENDED) {
    call(SystemCall.sched_yield);
    readText(procPath(process, cstr("stat")));
    let end = text;
    while (load<u8>(end) !== PARENTHESIS) end++; // after the name, in parentheses
    state = load<u8>(end, 2);
  }
}
