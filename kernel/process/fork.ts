// fork and clone: a second process, or a second thread, that differs from the first in its id and
// in what the call returns.
//
//   copyProcess or copyThread -> the caller adds what clone asks for -> startCopy   or discardCopy
//
// The pages of a process are shared copy-on-write, or the whole space is (CLONE_VM), as is that of
// threads. The open files are shared as they are, and their table, too, if clone says so. The
// floating-point registers, which still hold the caller's, are copied. When memory runs out on the
// way, what was taken so far is given back, and the caller gets an error.
//
// A child that borrows its parent's space until it calls execve or ends (CLONE_VFORK) has the
// parent wait for it: only SIGKILL gets the parent out of that.

import { EAGAIN, ENOMEM, isErrno } from "../../src/abi/errno";
import { PROCESS_NAME_SIZE } from "../../src/abi/kernel-info";
import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_PARENT,
  CLONE_SIGHAND,
  CLONE_VM,
} from "../../src/abi/linux/clone";
import { RLIMIT_NPROC } from "../../src/abi/linux/resource";
import { SIGCHLD, SIGKILL } from "../../src/abi/signals";
import { saveFloatingPoint } from "../machine/i686/floating-point";
import { inheritUrgency, makeRunnable, suspend, wake } from "../thread/schedule";
import { currentThread, Thread } from "../thread/thread";
import { softLimit } from "./limits";
import { createProcess, currentProcess, firstProcess, Process, releaseProcess } from "./process";
import { copySignalActions, releaseSignalActions, shareSignalActions } from "./signal-actions";
import {
  contextOf,
  currentContext,
  currentFiles,
  filesOf,
  giveFiles,
  releaseFiles,
} from "./thread-files";
import {
  addThread,
  countThreadsOf,
  discardThread,
  processOf,
  setThreadName,
  threadName,
} from "./thread-group";

/** fork(2): the child's id, or -EAGAIN or -ENOMEM. */
export function forkProcess(): i32 {
  const copy = copyProcess(0, 0, SIGCHLD);
  if (isErrno(<u32>copy)) return <i32>copy;
  const child = changetype<Thread>(copy);
  startCopy(child);
  return <i32>child.id;
}

/**
 * A copy of the current process with the running thread alone, which does not run yet: that thread,
 * or -EAGAIN or -ENOMEM. Of the flags of clone it obeys those about what is shared, and
 * CLONE_PARENT. Its stack is at `stack`, 0: where the caller's is; its parent gets `endSignal`.
 */
export function copyProcess(flags: u32, stack: u32, endSignal: u32): usize {
  const maker = currentProcess();
  if (hasMostThreads(maker)) return -EAGAIN;
  const child = createProcess();
  if (child === null) return -EAGAIN;
  const thread = child.thread;
  child.copyLimits(maker);
  if (
    !giveSpace(maker, child, (flags & CLONE_VM) !== 0) ||
    !copyFiles(thread, flags) ||
    !giveActions(maker, child, (flags & CLONE_SIGHAND) !== 0)
  ) {
    discardCopy(thread);
    return -ENOMEM;
  }
  const isSibling = (flags & CLONE_PARENT) !== 0;
  child.parent = isSibling ? maker.parent : maker;
  child.creator = isSibling ? maker.creator : currentThread.id;
  child.endSignal = isSibling ? maker.endSignal : endSignal;
  child.group = maker.group;
  child.session = maker.session;
  child.terminal = maker.terminal;
  child.personality = maker.personality;
  child.isGuarded = maker.isGuarded;
  child.oomAdjustment = maker.oomAdjustment;
  child.oomLowest = maker.oomLowest;
  child.nice = maker.nice;
  child.ioPriority = maker.ioPriority;
  child.setProgram(maker.program);
  child.setName(threadName(currentThread), PROCESS_NAME_SIZE);
  thread.alternativeStack = currentThread.alternativeStack;
  thread.alternativeSize = currentThread.alternativeSize;
  copyRegisters(thread, stack);
  return changetype<usize>(thread);
}

/**
 * A second thread of the current process, which does not run yet, or -EAGAIN or -ENOMEM. Its stack
 * is at `stack`, 0: where the caller's is.
 */
export function copyThread(flags: u32, stack: u32): usize {
  const process = currentProcess();
  if (hasMostThreads(process) || process.isEnding) return -EAGAIN;
  const thread = addThread(process);
  if (thread === null) return -EAGAIN;
  if (!copyFiles(thread, flags)) {
    discardCopy(thread);
    return -ENOMEM;
  }
  setThreadName(thread, threadName(currentThread), PROCESS_NAME_SIZE);
  copyRegisters(thread, stack);
  return changetype<usize>(thread);
}

/** Lets a copy run. */
export function startCopy(child: Thread): void {
  makeRunnable(child);
}

/** Gives back a copy that has not run. */
export function discardCopy(child: Thread): void {
  const process = processOf(child);
  releaseFiles(child);
  if (process.livingThreads > 1) {
    discardThread(process, child);
    return;
  }
  process.setProgram(null);
  process.setSpace(null);
  releaseSignalActions(process);
  releaseProcess(process);
}

/** Lets a copy run on the caller's space, and waits until it has one of its own, or none. */
export function lendSpace(child: Thread): void {
  const lender = currentThread;
  child.lender = lender;
  lender.lendsSpace = true;
  startCopy(child);
  while (lender.lendsSpace && lender.pendingSignal !== SIGKILL) suspend();
  if (lender.lendsSpace) forgetBorrower(lender);
}

/** The thread does not need the space any more that it may have borrowed. */
export function returnSpace(thread: Thread): void {
  const lender = thread.lender;
  if (lender === null) return;
  thread.lender = null;
  lender.lendsSpace = false;
  wake(lender);
}

/** The lender ends first: the space stays until its last user is gone. */
function forgetBorrower(lender: Thread): void {
  lender.lendsSpace = false;
  let process = firstProcess();
  while (process !== null) {
    let thread: Thread | null = process.thread;
    for (; thread !== null; thread = thread.nextThread) {
      if (thread.lender === lender) thread.lender = null;
    }
    process = process.next;
  }
}

/** Whether the user has as many threads as the process may have; the superuser may have all. */
function hasMostThreads(process: Process): bool {
  const user = currentThread.credentials.user;
  return user !== 0 && countThreadsOf(user) >= softLimit(process.limits, RLIMIT_NPROC);
}

function giveSpace(parent: Process, child: Process, shares: bool): bool {
  const space = parent.space;
  if (space === null) return false;
  if (shares) {
    space.retain();
    child.setSpace(space);
    return true;
  }
  const copy = space.fork();
  if (copy === null) return false;
  child.setSpace(copy);
  return true;
}

/** False when out of memory: the thread has what there was. */
function copyFiles(thread: Thread, flags: u32): bool {
  const files = currentFiles();
  const context = currentContext();
  const sharesFiles = (flags & CLONE_FILES) !== 0;
  const sharesContext = (flags & CLONE_FS) !== 0;
  if (sharesFiles) files.retain();
  if (sharesContext) context.retain();
  giveFiles(
    thread,
    sharesFiles ? files : files.duplicate(),
    sharesContext ? context : context.duplicate(),
  );
  return filesOf(thread) !== null && contextOf(thread) !== null;
}

function giveActions(parent: Process, child: Process, shares: bool): bool {
  return shares ? shareSignalActions(parent, child) : copySignalActions(parent, child);
}

/** Registers, mask and urgency of the running thread, but for the result and the stack. */
function copyRegisters(thread: Thread, stack: u32): void {
  thread.signalMask = currentThread.signalMask;
  thread.frame.copyFrom(currentThread.frame);
  thread.frame.result = 0;
  if (stack !== 0) thread.frame.esp = stack;
  inheritUrgency(thread);
  thread.credentials.copyFrom(currentThread.credentials);
  currentThread.segments.save();
  thread.segments.copyFrom(currentThread.segments);
  saveFloatingPoint(thread.floatingPoint);
  thread.prepare();
}
