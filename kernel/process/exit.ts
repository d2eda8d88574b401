// The end of a process: everything goes at once but what the parent will ask for.
//
// Files and address space are released here; the kernel runs on a directory of its own, so it can
// tear down the space of the process whose call it serves. The record and the thread, on whose
// kernel stack this very code runs, are released by the parent's wait (wait.ts).

import {
  CLD_EXITED,
  CLD_KILLED,
  SA_NOCLDWAIT,
  SIG_IGN,
  SIGCHLD,
  shellStatus,
} from "../../src/abi/signals";
import { powerOff } from "../device/power";
import { panic } from "../log/panic";
import { userPointer, writeWord } from "../memory/user-memory";
import { reschedule, wake } from "../thread/schedule";
import { ThreadState } from "../thread/thread";
import { returnSpace } from "./fork";
import { currentProcess, findProcess, firstProcess, Process } from "./process";
import { noticeEnd } from "./process-observer";
import { sendNote, sendSignal } from "./signal";
import { signalAction } from "./signal-actions";
import { SignalNote } from "./signal-note";

const note = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));

/** Ends the current process with a wait status. Does not return. */
export function exitProcess(status: u32): void {
  const process = currentProcess();
  noticeEnd(status);
  // Process 1 is what the machine was started for.
  if (process.pid === 1) powerOff(shellStatus(status));
  process.releaseFiles();
  clearThreadId(process);
  process.setSpace(null);
  returnSpace(process);
  process.status = status;
  process.isZombie = true;
  process.thread.state = ThreadState.ended;
  const parent = process.parent;
  adoptChildren(process);
  if (parent !== null) tellOfEnd(process, parent);
  reschedule();
  panic(cstr("exit: a zombie was scheduled"));
}

/** The parent gets SIGCHLD, and waits for the child unless it said that it never will. */
function tellOfEnd(process: Process, parent: Process): void {
  const action = signalAction(parent, SIGCHLD);
  process.isForgotten = action.handler === SIG_IGN || (action.flags & SA_NOCLDWAIT) !== 0;
  const status = process.status;
  const killer = status & 0x7f;
  note.signal = SIGCHLD;
  note.code = killer !== 0 ? CLD_KILLED : CLD_EXITED;
  note.pid = process.pid;
  note.value = killer !== 0 ? killer : status >> 8;
  sendNote(parent, note);
  wakeParent(parent);
}

/** Tells those who share the space that the thread is gone (CLONE_CHILD_CLEARTID). */
function clearThreadId(process: Process): void {
  const word = process.thread.clearTid;
  const space = process.space;
  if (word === 0 || space === null || space.references === 1) return;
  writeWord(userPointer(word), 0);
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
  if (hasZombie && first !== null) {
    sendSignal(first, SIGCHLD);
    wakeParent(first);
  }
}

function wakeParent(parent: Process): void {
  if (parent.waitsForChild) wake(parent.thread);
}
