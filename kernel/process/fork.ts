// fork: a second process that differs from the first in its id and in what the call returns.
//
// The pages are shared copy-on-write, the open files are shared as they are; the floating-point
// registers, which still hold the caller's, are copied. When memory runs out on the way, what was
// taken so far is given back, and the caller gets an error.

import { EAGAIN, ENOMEM } from "../../src/abi/errno";
import { PROCESS_NAME_SIZE } from "../../src/abi/kernel-info";
import { saveFloatingPoint } from "../machine/i686/floating-point";
import { makeRunnable } from "../thread/schedule";
import { currentThread, Thread } from "../thread/thread";
import { createProcess, currentProcess, Process, releaseProcess } from "./process";
import { copySignalActions } from "./signal-actions";

/** Makes a copy of the current process: the child's id, or -EAGAIN or -ENOMEM. */
export function forkProcess(): i32 {
  const parent = currentProcess();
  const child = createProcess();
  if (child === null) return -EAGAIN;
  if (!copySpace(parent, child) || !copyFiles(parent, child) || !copySignals(parent, child)) {
    child.setSpace(null);
    child.releaseFiles();
    releaseProcess(child);
    return -ENOMEM;
  }
  child.parent = parent;
  child.group = parent.group;
  child.setProgram(parent.program);
  child.setName(parent.name, PROCESS_NAME_SIZE);
  copyThread(child.thread);
  makeRunnable(child.thread);
  return <i32>child.pid;
}

function copySpace(parent: Process, child: Process): bool {
  const space = parent.space;
  if (space === null) return false;
  const copy = space.fork();
  if (copy === null) return false;
  child.setSpace(copy);
  return true;
}

function copyFiles(parent: Process, child: Process): bool {
  const files = parent.files;
  const context = parent.context;
  if (files === null || context === null) return false;
  child.files = files.duplicate();
  child.context = context.duplicate();
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
  currentThread.segments.save();
  thread.segments.copyFrom(currentThread.segments);
  saveFloatingPoint(thread.floatingPoint);
  thread.prepare();
}
