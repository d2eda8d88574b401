// System calls about processes.

import { EINVAL, ENOMEM, EPERM, ESRCH, isErrno } from "../../src/abi/errno";
import { exitedStatus } from "../../src/abi/signals";
import { DirectoryEntry } from "../file/directory-entry";
import { PathEnd } from "../file/path";
import { TrapFrame } from "../machine/i686/trap-frame";
import { clearUser, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { exitProcess } from "../process/exit";
import { forkProcess } from "../process/fork";
import { currentProcess, findProcess, groupExists, Process } from "../process/process";
import { waitForChild } from "../process/wait";
import { createArgumentBlock } from "../program/argument-block";
import { executeProgram } from "../program/execute";
import { yieldProcessor } from "../thread/schedule";
import { pathArgument, userPath } from "./path-argument";

/** Bytes of Linux's struct rusage, which wait4 fills with zeros: usage is not counted. */
const RUSAGE_SIZE: u32 = 72;

/** exit(code), exit_group(code): there is one thread. */
export function exit(frame: TrapFrame): i32 {
  exitProcess(exitedStatus(frame.arg0));
  return 0;
}

export function fork(_frame: TrapFrame): i32 {
  return forkProcess();
}

/** waitpid(pid, status, options) */
export function waitpid(frame: TrapFrame): i32 {
  return waitForChild(<i32>frame.arg0, userPointer(frame.arg1), frame.arg2);
}

/** wait4(pid, status, options, rusage) */
export function wait4(frame: TrapFrame): i32 {
  const pid = waitForChild(<i32>frame.arg0, userPointer(frame.arg1), frame.arg2);
  const usage = userPointer(frame.arg3);
  if (pid <= 0 || userAddress(usage) === 0) return pid;
  const result = clearUser(usage, RUSAGE_SIZE);
  return result !== 0 ? result : pid;
}

/** execve(path, argv, envp) */
export function execve(frame: TrapFrame): i32 {
  const found = pathArgument(userPointer(frame.arg0), PathEnd.file);
  if (isErrno(<u32>found)) return <i32>found;
  const program = changetype<DirectoryEntry>(found);
  const result = execute(program, userPointer(frame.arg1), userPointer(frame.arg2));
  program.release();
  if (result !== 0) return result;
  currentProcess().files!.closeOnExecute();
  // The new program's registers are in the frame already: EAX, like the others, is 0.
  return 0;
}

function execute(program: DirectoryEntry, argv: UserPointer, envp: UserPointer): i32 {
  const block = createArgumentBlock();
  if (block === null) return -ENOMEM;
  let result = block.collect(argv, envp, userPath);
  if (result === 0) result = executeProgram(currentProcess(), program, block);
  block.release();
  return result;
}

export function getpid(_frame: TrapFrame): i32 {
  return <i32>currentProcess().pid;
}

/** 0 for process 1. */
export function getppid(_frame: TrapFrame): i32 {
  const parent = currentProcess().parent;
  return parent === null ? 0 : <i32>parent.pid;
}

export function schedYield(_frame: TrapFrame): i32 {
  yieldProcessor();
  return 0;
}

/**
 * setpgid(pid, group): the caller or a child of it; 0 stands for the caller, and for the process's
 * id.
 */
export function setpgid(frame: TrapFrame): i32 {
  const process = selfOr(frame.arg0);
  const caller = currentProcess();
  const group = frame.arg1;
  if (<i32>group < 0) return -EINVAL;
  if (process === null || (process !== caller && process.parent !== caller)) return -ESRCH;
  if (group === 0 || group === process.pid) process.group = process.pid;
  else if (groupExists(group)) process.group = group;
  else return -EPERM;
  return 0;
}

export function getpgid(frame: TrapFrame): i32 {
  const process = selfOr(frame.arg0);
  return process === null ? -ESRCH : <i32>process.group;
}

export function getpgrp(_frame: TrapFrame): i32 {
  return <i32>currentProcess().group;
}

function selfOr(pid: u32): Process | null {
  return pid === 0 ? currentProcess() : findProcess(pid);
}
