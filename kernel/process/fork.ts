// fork and clone: a second process that differs from the first in its id and in what the call
// returns.
//
//   copyProcess -> the caller adds what clone asks for -> startCopy      or discardCopy
//
// The pages are shared copy-on-write, or the whole space is shared (CLONE_VM); the open files are
// shared as they are; the floating-point registers, which still hold the caller's, are copied. When
// memory runs out on the way, what was taken so far is given back, and the caller gets an error.
//
// A child that borrows its parent's space until it calls execve or ends (CLONE_VFORK) has the
// parent wait for it: only SIGKILL gets the parent out of that.

import { EAGAIN, ENOMEM, isErrno } from "../../src/abi/errno";
import { PROCESS_NAME_SIZE } from "../../src/abi/kernel-info";
import { CLONE_FS, CLONE_VM } from "../../src/abi/linux/clone";
import { SIGKILL } from "../../src/abi/signals";
import { saveFloatingPoint } from "../machine/i686/floating-point";
import { makeRunnable, suspend, wake } from "../thread/schedule";
import { currentThread, Thread } from "../thread/thread";
import { createProcess, currentProcess, firstProcess, Process, releaseProcess } from "./process";
import { copySignalActions } from "./signal-actions";

/** fork(2): the child's id, or -EAGAIN or -ENOMEM. */
export function forkProcess(): i32 {
  const copy = copyProcess(0, 0);
  if (isErrno(<u32>copy)) return <i32>copy;
  const child = changetype<Process>(copy);
  startCopy(child);
  return <i32>child.pid;
}

/**
 * A copy of the current process that does not run yet: its address, or -EAGAIN or -ENOMEM. Of the
 * flags of clone it obeys CLONE_VM and CLONE_FS. Its stack is at `stack`, 0: where the caller's is.
 */
export function copyProcess(flags: u32, stack: u32): usize {
  const parent = currentProcess();
  const child = createProcess();
  if (child === null) return -EAGAIN;
  const sharesSpace = (flags & CLONE_VM) !== 0;
  if (
    !giveSpace(parent, child, sharesSpace) ||
    !giveFiles(parent, child, flags) ||
    !copySignals(parent, child)
  ) {
    discardCopy(child);
    return -ENOMEM;
  }
  child.parent = parent;
  child.group = parent.group;
  child.personality = parent.personality;
  child.copyLimits(parent);
  child.setProgram(parent.program);
  child.setName(parent.name, PROCESS_NAME_SIZE);
  copyThread(child.thread);
  if (stack !== 0) child.thread.frame.esp = stack;
  return changetype<usize>(child);
}

/** Lets a copy run. */
export function startCopy(child: Process): void {
  makeRunnable(child.thread);
}

/** Gives back a copy that has not run. */
export function discardCopy(child: Process): void {
  child.setSpace(null);
  child.releaseFiles();
  releaseProcess(child);
}

/** Lets a copy run on the caller's space, and waits until it has one of its own, or none. */
export function lendSpace(child: Process): void {
  const parent = currentProcess();
  child.lender = parent;
  parent.lendsSpace = true;
  startCopy(child);
  while (parent.lendsSpace && currentThread.pendingSignal !== SIGKILL) suspend();
  if (parent.lendsSpace) forgetBorrower(parent);
}

/** The process does not need the space any more that it may have borrowed. */
export function returnSpace(process: Process): void {
  const lender = process.lender;
  if (lender === null) return;
  process.lender = null;
  lender.lendsSpace = false;
  wake(lender.thread);
}

/** The lender ends first: the space stays until its last user is gone. */
function forgetBorrower(lender: Process): void {
  lender.lendsSpace = false;
  let process = firstProcess();
  while (process !== null) {
    if (process.lender === lender) process.lender = null;
    process = process.next;
  }
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

function giveFiles(parent: Process, child: Process, flags: u32): bool {
  const files = parent.files;
  const context = parent.context;
  if (files === null || context === null) return false;
  child.files = files.duplicate();
  if ((flags & CLONE_FS) !== 0) {
    context.retain();
    child.context = context;
  } else child.context = context.duplicate();
  return child.files !== null && child.context !== null;
}

/** The child has the actions and the mask of its parent, and no pending signal. */
function copySignals(parent: Process, child: Process): bool {
  child.thread.signalMask = currentThread.signalMask;
  child.thread.alternativeStack = currentThread.alternativeStack;
  child.thread.alternativeSize = currentThread.alternativeSize;
  return copySignalActions(parent, child);
}

/** The registers of the running thread, but for the result of the call. */
function copyThread(thread: Thread): void {
  thread.frame.copyFrom(currentThread.frame);
  thread.frame.result = 0;
  thread.credentials.copyFrom(currentThread.credentials);
  currentThread.segments.save();
  thread.segments.copyFrom(currentThread.segments);
  saveFloatingPoint(thread.floatingPoint);
  thread.prepare();
}
