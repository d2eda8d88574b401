// The end of a process: everything goes at once but what the parent will ask for.
//
// Files and address space are released here; the kernel runs on a directory of its own, so it can
// tear down the space of the process whose call it serves. The record and the thread, on whose
// kernel stack this very code runs, are released by the parent's wait (wait.ts).

import { shellStatus } from "../../src/abi/signals";
import { powerOff } from "../device/power";
import { panic } from "../log/panic";
import { reschedule, wake } from "../thread/schedule";
import { ThreadState } from "../thread/thread";
import { currentProcess, findProcess, firstProcess, Process } from "./process";

/** Ends the current process with a wait status. Does not return. */
export function exitProcess(status: u32): void {
  const process = currentProcess();
  // Process 1 is what the machine was started for.
  if (process.pid === 1) powerOff(shellStatus(status));
  process.releaseFiles();
  process.setSpace(null);
  process.status = status;
  process.isZombie = true;
  process.thread.state = ThreadState.ended;
  const parent = process.parent;
  adoptChildren(process);
  if (parent !== null) wakeParent(parent);
  reschedule();
  panic(cstr("exit: a zombie was scheduled"));
}

/** Children of a process that ends belong to process 1 from now on. */
function adoptChildren(parent: Process): void {
  const first = findProcess(1);
  let hasZombie = false;
  let process = firstProcess();
  while (process !== null) {
    if (process.parent === parent) {
      process.parent = first;
      if (process.isZombie) hasZombie = true;
    }
    process = process.next;
  }
  if (hasZombie && first !== null) wakeParent(first);
}

function wakeParent(parent: Process): void {
  if (parent.waitsForChild) wake(parent.thread);
}
