// fork: a second process that differs from the first in its id and in what the call returns.
//
// The pages are shared copy-on-write, the open files are shared as they are; the floating-point
// registers, which still hold the caller's, are copied. Whatever is missing
// when memory runs out, what was taken so far is given back, and the caller goes on.

import { EAGAIN, ENOMEM } from "../../src/abi/errno";
import { PROCESS_NAME_SIZE } from "../../src/abi/kernel-info";
import { FRAME_SIZE } from "../../src/abi/trap-frame";
import { saveFloatingPoint } from "../machine/i686/floating-point";
import { makeRunnable } from "../thread/schedule";
import { releaseFiles, releaseSpace } from "./exit";
import { createProcess, current, Process, prepareStack, releaseProcess } from "./process";

/** Makes a copy of the current process: the child's id, or -EAGAIN or -ENOMEM. */
export function forkProcess(): i32 {
  const child = createProcess();
  if (child === null) return -EAGAIN;
  if (!copySpace(child) || !copyFiles(child)) {
    releaseSpace(child);
    releaseFiles(child);
    releaseProcess(child);
    return -ENOMEM;
  }
  child.parent = current;
  child.group = current.group;
  child.programBreak = current.programBreak;
  child.directory = current.directory;
  child.program = current.program;
  child.setName(current.name, PROCESS_NAME_SIZE);
  memory.copy(changetype<usize>(child.frame), changetype<usize>(current.frame), FRAME_SIZE);
  child.frame.eax = 0;
  saveFloatingPoint(child.floatingPoint);
  prepareStack(child);
  makeRunnable(child);
  return <i32>child.pid;
}

function copySpace(child: Process): bool {
  const space = current.space;
  if (space === null) return false;
  const copy = space.fork();
  if (copy === null) return false;
  child.space = copy;
  child.cr3 = copy.cr3;
  return true;
}

function copyFiles(child: Process): bool {
  const files = current.files;
  if (files === null) return false;
  child.files = files.duplicate();
  return child.files !== null;
}
