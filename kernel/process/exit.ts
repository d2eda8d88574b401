// The end of a thread, and with the last one of its process: everything goes at once but what the
// parent will ask for.
//
//   exitThread    this one alone; others go on
//   exitProcess   all: the others find out on their way to user mode, or are woken to find out
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
  SIGKILL,
  SIGNAL_MAX,
  shellStatus,
} from "../../src/abi/signals";
import { powerOff } from "../device/power";
import { releaseHeldFiles } from "../file/held-file";
import { panic } from "../log/panic";
import { reschedule, suspend, wake, wakeAll } from "../thread/schedule";
import { currentThread, ThreadState } from "../thread/thread";
import { WaitQueue } from "../thread/wait-queue";
import { returnSpace } from "./fork";
import { leaveChild, leaveGroup } from "./job-control";
import { currentProcess, findProcess, firstProcess, forgetProcess, Process } from "./process";
import { noticeEnd } from "./process-observer";
import { deleteProgramTimers, forgetTimedThread } from "./program-timers";
import { leaveSpace } from "./robust-list";
import { leaveTerminal } from "./session";
import { leaveSignals, noticeInAll, noticeSignals, sendNote, sendSignal } from "./signal";
import { releaseSignalActions, signalAction } from "./signal-actions";
import { SignalNote } from "./signal-note";
import { releaseFiles } from "./thread-files";
import { becomeFirst, noteEndOfThread } from "./thread-group";

const note = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));

/** Who waits for the end of a process that need not be a child: pollers of pidfd_open(2). */
export const endings: WaitQueue = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));

/** Ends the current process, with all of its threads and a wait status. Does not return. */
export function exitProcess(status: u32): void {
  const process = currentProcess();
  if (!process.isEnding) {
    process.isEnding = true;
    process.status = status;
    noticeInAll(process);
  }
  exitThread(status);
}

/**
 * Ends the current thread. With the last thread the process ends: its wait status is that of the
 * first thread, unless exitProcess() has said another. Does not return.
 */
export function exitThread(status: u32): void {
  const process = currentProcess();
  const thread = currentThread;
  if (thread === process.thread && !process.isEnding) process.status = status;
  const isLast = process.livingThreads === 1;
  noticeEnd(process.isEnding ? process.status : status);
  // Process 1 is what the machine was started for.
  if (isLast && process.pid === 1) powerOff(shellStatus(process.status));
  releaseHeldFiles();
  releaseFiles(thread);
  leaveSpace(process, thread);
  forgetTimedThread(process, thread);
  if (isLast) endProcess(process);
  returnSpace(thread);
  leaveSignals();
  thread.state = ThreadState.ended;
  noteEndOfThread(process, thread);
  if (isLast) tellOthers(process);
  else if (process.livingThreads === 1 && process.executor !== null) wake(process.executor!);
  reschedule();
  panic(cstr("exit: a zombie was scheduled"));
}

/**
 * Ends all threads but the current one, which becomes the first of its process: what execve does.
 * False: the process, or this thread, is to end itself.
 */
export function endOtherThreads(): bool {
  const process = currentProcess();
  const thread = currentThread;
  if (process.isEnding || process.executor !== null) return false;
  if (process.livingThreads > 1) {
    process.executor = thread;
    noticeInAll(process);
    while (process.livingThreads > 1 && thread.pendingSignal !== SIGKILL) suspend();
    process.executor = null;
    noticeSignals();
    if (process.livingThreads > 1) return false;
  }
  becomeFirst(process, thread);
  return true;
}

/** What a zombie does not have. */
function endProcess(process: Process): void {
  process.alarm.stop();
  deleteProgramTimers(process);
  process.signalWaiters.dropAll();
  process.setProgram(null);
  const space = process.space;
  if (space !== null) process.endPages = space.mostPages;
  process.setSpace(null);
  process.isStopped = false;
  process.isZombie = true;
}

/** The children get another parent, and the parent hears of the end. */
function tellOthers(process: Process): void {
  const parent = process.parent;
  leaveTerminal(process, true);
  adoptChildren(process);
  leaveGroup(process);
  if (parent !== null) tellOfEnd(process, parent);
  wakeAll(endings);
  releaseSignalActions(process);
}

/** The parent gets SIGCHLD, and waits for the child unless it said that it never will. */
function tellOfEnd(process: Process, parent: Process): void {
  const action = signalAction(parent, SIGCHLD);
  const isForgotten = action.handler === SIG_IGN || (action.flags & SA_NOCLDWAIT) !== 0;
  const signal = process.endSignal;
  if (isForgotten && signal === SIGCHLD) forgetProcess(process);
  wakeAll(parent.waiters);
  if (signal === 0 || signal > SIGNAL_MAX) return;
  const status = process.status;
  const killer = status & 0x7f;
  note.signal = signal;
  note.code = killer !== 0 ? CLD_KILLED : CLD_EXITED;
  note.pid = process.pid;
  note.value = killer !== 0 ? killer : status >> 8;
  sendNote(parent, note);
}

/**
 * Children of a process that ends belong to the nearest process above it that takes orphans
 * (PR_SET_CHILD_SUBREAPER), or to process 1. Those that asked for it get a signal.
 */
function adoptChildren(parent: Process): void {
  const reaper = reaperOf(parent);
  let hasZombie = false;
  let process = firstProcess();
  while (process !== null) {
    if (process.parent === parent) {
      process.parent = reaper;
      // Not what its maker asked for: that could end process 1.
      process.endSignal = SIGCHLD;
      if (process.isZombie) hasZombie = true;
      else {
        leaveChild(process, parent);
        if (process.deathSignal !== 0) sendSignal(process, process.deathSignal);
      }
    }
    process = process.next;
  }
  if (hasZombie && reaper !== null) {
    sendSignal(reaper, SIGCHLD);
    wakeAll(reaper.waiters);
  }
}

function reaperOf(orphaned: Process): Process | null {
  let process = orphaned.parent;
  while (process !== null && process.pid !== 1) {
    if (process.isReaper && !process.isZombie) return process;
    process = process.parent;
  }
  return findProcess(1);
}
