// System calls about processes.

import { EINVAL, ENOMEM, ESRCH, isErrno } from "../../src/abi/errno";
import { exitedStatus, isIgnoredByDefault, isStopSignal, SIGNAL_MAX } from "../../src/abi/signals";
import { Inode } from "../file/inode";
import { TrapFrame } from "../machine/i686/trap-frame";
import { clearUser, userAddress, userPointer } from "../memory/user-memory";
import { exitProcess } from "../process/exit";
import { forkProcess } from "../process/fork";
import { current, findProcess, firstProcess, Process, ProcessState } from "../process/process";
import { killGroup, killProcess } from "../process/signal";
import { waitForChild } from "../process/wait";
import { createArgumentBlock } from "../program/argument-block";
import { executeProgram } from "../program/execute";
import { yieldProcessor } from "../thread/schedule";
import { pathArgument, userPath } from "./path-argument";

/** Bytes of Linux's struct rusage, which wait4 fills with zeros: nobody counts here. */
const RUSAGE_SIZE: u32 = 72;

/** exit(code), exit_group(code): there is one thread. */
export function exit(frame: TrapFrame): i32 {
  exitProcess(exitedStatus(frame.ebx));
  return 0;
}

export function fork(_frame: TrapFrame): i32 {
  return forkProcess();
}

/** waitpid(pid, status, options) */
export function waitpid(frame: TrapFrame): i32 {
  return waitForChild(<i32>frame.ebx, userPointer(frame.ecx), frame.edx);
}

/** wait4(pid, status, options, rusage) */
export function wait4(frame: TrapFrame): i32 {
  const usage = userPointer(frame.esi);
  if (userAddress(usage) !== 0) {
    const result = clearUser(current.space!, usage, RUSAGE_SIZE);
    if (result !== 0) return result;
  }
  return waitForChild(<i32>frame.ebx, userPointer(frame.ecx), frame.edx);
}

/** execve(path, argv, envp) */
export function execve(frame: TrapFrame): i32 {
  const found = pathArgument(userPointer(frame.ebx), true);
  if (isErrno(<u32>found)) return <i32>found;
  const block = createArgumentBlock();
  if (block === null) return -ENOMEM;
  const arguments_ = userPointer(frame.ecx);
  let result = block.collect(current.space!, arguments_, userPointer(frame.edx), userPath);
  if (result === 0) result = executeProgram(current, changetype<Inode>(found), block);
  block.release();
  if (result !== 0) return result;
  current.files!.closeOnExecute();
  // The new program's registers are in the frame already: EAX, like the others, is 0.
  return 0;
}

export function getpid(_frame: TrapFrame): i32 {
  return <i32>current.pid;
}

/** 0 for process 1. */
export function getppid(_frame: TrapFrame): i32 {
  const parent = current.parent;
  return parent === null ? 0 : <i32>parent.pid;
}

export function schedYield(_frame: TrapFrame): i32 {
  yieldProcessor();
  return 0;
}

/** brk(end): moves the end of the heap if it can; returns where it is. */
export function brk(frame: TrapFrame): i32 {
  const end = frame.ebx;
  const space = current.space!;
  const heap = space.heapRegion();
  if (heap !== null && end >= heap.start && space.growHeap(end) === 0) current.programBreak = end;
  return <i32>current.programBreak;
}

/** kill(pid, signal): > 0 that process, 0 the own group, -1 all others, < -1 that group. */
export function kill(frame: TrapFrame): i32 {
  const pid = <i32>frame.ebx;
  const number = frame.ecx;
  if (number > SIGNAL_MAX || isStopSignal(number)) return -EINVAL;
  // What would do nothing still tells whether there is someone.
  const signal: u32 = isIgnoredByDefault(number) ? 0 : number;
  if (pid > 0) return killOne(<u32>pid, signal);
  if (pid === -1) return killOthers(signal);
  const count = killGroup(pid === 0 ? current.group : <u32>-pid, signal);
  return count === 0 ? -ESRCH : 0;
}

/** setpgid(pid, group): oneself or a child; 0 stands for the caller, and for the process's id. */
export function setpgid(frame: TrapFrame): i32 {
  const process = selfOr(frame.ebx);
  if (process === null || (process !== current && process.parent !== current)) return -ESRCH;
  if (<i32>frame.ecx < 0) return -EINVAL;
  process.group = frame.ecx === 0 ? process.pid : frame.ecx;
  return 0;
}

export function getpgid(frame: TrapFrame): i32 {
  const process = selfOr(frame.ebx);
  return process === null ? -ESRCH : <i32>process.group;
}

export function getpgrp(_frame: TrapFrame): i32 {
  return <i32>current.group;
}

function selfOr(pid: u32): Process | null {
  return pid === 0 ? current : findProcess(pid);
}

function killOne(pid: u32, signal: u32): i32 {
  const process = findProcess(pid);
  if (process === null) return -ESRCH;
  killProcess(process, signal);
  return 0;
}

/** Everyone but process 1 and the caller. */
function killOthers(signal: u32): i32 {
  let count: u32 = 0;
  let process = firstProcess();
  while (process !== null) {
    if (process.pid !== 1 && process !== current && process.state !== ProcessState.zombie) {
      killProcess(process, signal);
      count++;
    }
    process = process.next;
  }
  return count === 0 ? -ESRCH : 0;
}
