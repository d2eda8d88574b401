// The record of a process, and the list of all of them.
//
//   0   next, pid, cr3, stackTop, name      as src/abi/kernel-info.ts says: inspectors read them
//   32  everything else, then a bit for each system call, and the floating-point registers
//
//   created -> runnable <-> blocked
//                 |
//              zombie -> released by the parent's wait
//
// The kernel stack ends with the trap frame of the last entry from user mode; below it, while the
// process is not running, lies what switch_stack saved.
//
// Invariants
//   - Process 1 exists as long as the machine runs. Each other process has a living parent.
//   - A zombie has neither space nor files; its record and kernel stack wait for the parent.
//   - `current` is the process whose kernel stack is in use, also while it idles.

import {
  INFO_CURRENT,
  INFO_PROCESSES,
  PROCESS_CR3,
  PROCESS_NAME,
  PROCESS_NAME_SIZE,
  PROCESS_NEXT,
  PROCESS_PID,
  PROCESS_STACK_TOP,
} from "../../src/abi/kernel-info";
import { SYSTEM_CALL_LIMIT } from "../../src/abi/syscalls";
import { FRAME_SIZE } from "../../src/abi/trap-frame";
import { Descriptors } from "../file/file-table";
import { Inode } from "../file/inode";
import { clearFloatingPoint, FLOATING_POINT_SIZE } from "../machine/i686/floating-point";
import * as symbols from "../machine/i686/symbols";
import { TrapFrame } from "../machine/i686/trap-frame";
import { allocate, free } from "../memory/heap";
import { allocateStack, freeStack, KERNEL_STACK_SIZE } from "../memory/pages";
import { AddressSpace } from "../memory/space";
import { WaitQueue } from "../thread/wait-queue";

export enum ProcessState {
  runnable,
  blocked,
  zombie,
}

/** Process ids are below this, as on Linux by default. */
const PID_LIMIT: u32 = 32768;
/** Bytes that switch_stack pops before it returns. */
const SAVED_REGISTERS: u32 = 16;
const BITS_PER_BYTE: u32 = 8;
/** A record with what lies behind it: logged calls, floating-point registers. */
const RECORD_SIZE: u32 =
  <u32>offsetof<Process>() + SYSTEM_CALL_LIMIT / BITS_PER_BYTE + 15 + FLOATING_POINT_SIZE;

@unmanaged
export class Process {
  next: Process | null = null;
  pid: u32 = 0;
  cr3: u32 = 0;
  stackTop: usize = 0;
  name0: u64 = 0;
  name1: u64 = 0;

  state: ProcessState = ProcessState.runnable;
  /** The wait status, once the process is a zombie. */
  status: u32 = 0;
  /** The signal that ends the process before it next returns to user mode; 0: none. */
  pendingSignal: u32 = 0;
  parent: Process | null = null;
  /** The process group: who ^C reaches. */
  group: u32 = 0;
  /** Blocked in waitpid. */
  waitsForChild: bool = false;

  space: AddressSpace | null = null;
  /** The end of the heap to the byte, as brk(2) reports it. */
  programBreak: usize = 0;
  /** The lowest address of the kernel stack. */
  stack: usize = 0;
  /** Where switch_stack left the stack. */
  savedEsp: usize = 0;

  queue: WaitQueue | null = null;
  queueNext: Process | null = null;
  /** The tick that ends a sleep; meaningful while `isSleeping`. */
  wakeTick: u64 = 0;
  sleeperNext: Process | null = null;
  isSleeping: bool = false;
  /** Ticks left of the time slice. */
  slice: u32 = 0;

  files: Descriptors | null = null;
  directory: Inode | null = null;
  /** The file that runs: messages about faults find their symbols in it. */
  program: Inode | null = null;

  /** The registers of the last entry from user mode. */
  get frame(): TrapFrame {
    return changetype<TrapFrame>(this.stackTop - FRAME_SIZE);
  }

  /** The name's address: NUL-terminated. */
  get name(): usize {
    return changetype<usize>(this) + PROCESS_NAME;
  }

  /** Behind the record: a bit for each unknown system call that was logged already. */
  get loggedCalls(): usize {
    return changetype<usize>(this) + offsetof<Process>();
  }

  /** Behind those: the floating-point registers while another process runs. */
  get floatingPoint(): usize {
    return (this.loggedCalls + SYSTEM_CALL_LIMIT / BITS_PER_BYTE + 15) & ~15;
  }

  /** Where switch_stack is to save the stack pointer. */
  get savedEspAddress(): usize {
    return changetype<usize>(this) + offsetof<Process>("savedEsp");
  }

  /** Names the process after the `length` bytes at `text`, cut off where there is no more room. */
  setName(text: usize, length: u32): void {
    memory.fill(this.name, 0, PROCESS_NAME_SIZE);
    memory.copy(this.name, text, min<u32>(length, PROCESS_NAME_SIZE - 1));
  }
}

/** The running process. */
export let current: Process = changetype<Process>(0);
let lastPid: u32 = 0;
let processCount: u32 = 0;

/** Makes `process` the current one; `idle` says that it only lends its stack. */
export function setCurrent(process: Process, idle: bool): void {
  current = process;
  store<u32>(symbols.kernel_info(), idle ? 0 : <u32>changetype<usize>(process), INFO_CURRENT);
}

/** The first of all processes, zombies included; follow `next`. */
export function firstProcess(): Process | null {
  return changetype<Process | null>(load<usize>(symbols.kernel_info(), INFO_PROCESSES));
}

/** How many processes there are, zombies included. */
export function countProcesses(): u32 {
  return processCount;
}

/** The process of that id, a zombie perhaps, or null. */
export function findProcess(pid: u32): Process | null {
  let process = firstProcess();
  while (process !== null) {
    if (process.pid === pid) return process;
    process = process.next;
  }
  return null;
}

/**
 * A new process in the list: with an id and a kernel stack, and nothing else. Null when memory or
 * ids run out.
 */
export function createProcess(): Process | null {
  const pid = unusedPid();
  if (pid === 0) return null;
  const record = allocate(RECORD_SIZE);
  if (record === 0) return null;
  const stack = allocateStack();
  if (stack === 0) {
    free(record);
    return null;
  }
  const process = changetype<Process>(record);
  process.pid = pid;
  process.stack = stack;
  process.stackTop = stack + KERNEL_STACK_SIZE;
  clearFloatingPoint(process.floatingPoint);
  process.next = firstProcess();
  setFirstProcess(process);
  processCount++;
  return process;
}

/**
 * Makes the first switch to `process` end in user mode, with the registers of its frame: below the
 * frame lies what switch_stack pops, EBP, EDI, ESI, EBX and the address to go to. That is the
 * function which every way to user mode goes through, as if called just before return_to_user: a
 * signal may come before the first switch does.
 */
export function prepareStack(process: Process): void {
  const returnTo = changetype<usize>(process.frame) - sizeof<usize>();
  const goTo = returnTo - sizeof<usize>();
  store<usize>(returnTo, symbols.return_to_user());
  store<usize>(goTo, symbols.beforeUserReturn());
  process.savedEsp = goTo - SAVED_REGISTERS;
  memory.fill(process.savedEsp, 0, SAVED_REGISTERS);
}

/** Takes a process that will not run again out of the list and frees its record and stack. */
export function releaseProcess(process: Process): void {
  unlink(process);
  processCount--;
  freeStack(process.stack);
  free(changetype<usize>(process));
}

function unlink(process: Process): void {
  const first = firstProcess();
  if (first === process) {
    setFirstProcess(process.next);
    return;
  }
  let before = first;
  while (before !== null && before.next !== process) before = before.next;
  if (before !== null) before.next = process.next;
}

function setFirstProcess(process: Process | null): void {
  store<usize>(symbols.kernel_info(), changetype<usize>(process), INFO_PROCESSES);
}

/** The next id that no process, and no group that lives on, has; 0 when all are taken. */
function unusedPid(): u32 {
  for (let tries: u32 = 1; tries < PID_LIMIT; tries++) {
    lastPid = lastPid + 1 < PID_LIMIT ? lastPid + 1 : 2;
    if (!isTaken(lastPid)) return lastPid;
  }
  return 0;
}

function isTaken(id: u32): bool {
  let process = firstProcess();
  while (process !== null) {
    if (process.pid === id || process.group === id) return true;
    process = process.next;
  }
  return false;
}

if (offsetof<Process>("next") !== PROCESS_NEXT) ERROR("inspectors read next there");
if (offsetof<Process>("pid") !== PROCESS_PID) ERROR("inspectors read pid there");
if (offsetof<Process>("cr3") !== PROCESS_CR3) ERROR("inspectors read cr3 there");
if (offsetof<Process>("stackTop") !== PROCESS_STACK_TOP) ERROR("inspectors read stackTop there");
if (offsetof<Process>("name0") !== PROCESS_NAME) ERROR("inspectors read the name there");
if (offsetof<Process>("state") !== PROCESS_NAME + PROCESS_NAME_SIZE) ERROR("the name has 16 bytes");
