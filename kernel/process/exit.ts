// The end of a process: everything goes at once but what the parent will ask for.
//
// Files and address space are released here; the kernel runs on a directory of its own, so nothing
// forbids it to tear down the space of the process whose call it serves. The record and the kernel
// stack, on which this very code runs, are released by the parent's wait (wait.ts).

import { shellStatus } from "../../src/abi/signals";
import { powerOff } from "../device/power";
import { panic } from "../log/panic";
import { reschedule, wake } from "../thread/schedule";
import { current, findProcess, firstProcess, Process, ProcessState } from "./process";

/** Ends the current process with a wait status. Does not return. */
export function exitProcess(status: u32): void {
  // Process 1 is what the machine was started for.
  if (current.pid === 1) powerOff(shellStatus(status));
  releaseFiles(current);
  releaseSpace(current);
  current.status = status;
  current.state = ProcessState.zombie;
  const parent = current.parent;
  adoptChildren(current);
  if (parent !== null) wakeParent(parent);
  reschedule();
  panic(cstr("exit: a zombie was scheduled"));
}

/** Frees the address space, if there is one. */
export function releaseSpace(process: Process): void {
  const space = process.space;
  process.space = null;
  process.cr3 = 0;
  if (space !== null) space.destroy();
}

/** Closes all files, if there are any. */
export function releaseFiles(process: Process): void {
  const files = process.files;
  process.files = null;
  if (files !== null) files.release();
}

/** Children of a process that ends belong to process 1 from now on. */
function adoptChildren(parent: Process): void {
  const first = findProcess(1);
  let hasZombie = false;
  let process = firstProcess();
  while (process !== null) {
    if (process.parent === parent) {
      process.parent = first;
      if (process.state === ProcessState.zombie) hasZombie = true;
    }
    process = process.next;
  }
  if (hasZombie && first !== null) wakeParent(first);
}

function wakeParent(parent: Process): void {
  if (parent.waitsForChild) wake(parent);
}
