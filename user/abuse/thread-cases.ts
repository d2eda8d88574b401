// Cases about threads: segments that clone is asked for, futexes where nobody may look, lists of
// locks that lead anywhere, threads that end their process in every way at once, and all there can
// be of them.

import { EFAULT } from "../../src/abi/errno";
import { CLONE_SETTLS } from "../../src/abi/linux/clone";
import { FUTEX_PRIVATE, FUTEX_REALTIME, FUTEX_WAIT, FUTEX_WAKE } from "../../src/abi/linux/futex";
import { SystemCall } from "../../src/abi/linux/i386";
import {
  USER_DESC_BASE,
  USER_DESC_FLAGS,
  USER_DESC_LIMIT,
  USER_DESC_SIZE,
} from "../../src/abi/linux/user-desc";
import { GUARD_END, PAGE_SIZE, PAGE_TABLES, USER_END } from "../../src/abi/memory-map";
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from "../../src/abi/mman";
import { SIGKILL } from "../../src/abi/signals";
import { load32, store32 } from "../../src/abi/x86";
import { call, fork } from "../runtime/answers";
import { print, printDecimal, printHex } from "../runtime/output";
import { beginThread, joinThread, startThread, THREAD_FLAGS } from "../runtime/thread";
import { AbuseCase } from "./case";
import { load_gs } from "./machine-code";
import { EXITS, FAULTS, isIn, statusOf } from "./outcome";

const RW: u32 = PROT_READ | PROT_WRITE;
const STACK: u32 = 4096;
const THREADS: u32 = 3;
const RACES: u32 = 60;
/** Enough to wait in; the threads of the storm take no signals. */
const SMALL_STACK: u32 = 512;
const MOST_THREADS: u32 = 5000;
const OPERATIONS: u32 = 16;
const FIRST_ENTRY: u32 = 6;
const LAST_ENTRY: u32 = 8;
const PATIENCE: u32 = 1000;

const stacks: usize = memory.data(3 * 4096, 16);
const descriptor: usize = memory.data(USER_DESC_SIZE, 4);
const time: usize = memory.data(16, 4);
const locks: usize = memory.data(16, 4);
const words: usize = memory.data(8, 4);
const status: usize = memory.data(4, 4);

/** Where no word of a program is, or none that it may change. */
const addresses: StaticArray<u32> = [
  0,
  4,
  PAGE_TABLES,
  USER_END,
  GUARD_END,
  0xfffff000,
  0xfffffffc,
  0xffffffff,
];
const bases: StaticArray<u32> = [0, PAGE_SIZE, 0x80000000, USER_END, GUARD_END, 0xffffffff];
const limits: StaticArray<u32> = [0, 1, 0xfffff, 0x100000, 0xffffffff];
const entries: StaticArray<u32> = [6, 7, 8, 0xffffffff, 0, 5, 9, 0x7fffffff];

/** What the threads of the case do. */
let body: (argument: i32) => void = endAtOnce;
let shared: usize = 0;
let isThere: bool = false;
let race: u32 = 0;

export function threadCases(): AbuseCase[] {
  return [
    new AbuseCase("thread-segments-of-every-shape", EXITS, segmentsOfEveryShape),
    new AbuseCase("futexes-where-nothing-is", EXITS, futexesWhereNothingIs),
    new AbuseCase("futex-on-a-page-that-goes", EXITS, futexOnPageThatGoes),
    new AbuseCase("lists-of-locks-that-lead-anywhere", EXITS, listsThatLeadAnywhere),
    new AbuseCase("exec-and-exit-races", EXITS, races),
    new AbuseCase("thread-storm", EXITS, threadStorm),
  ];
}

export function runThread(argument: i32): void {
  const run = body;
  run(argument);
}

function endAtOnce(_argument: i32): void {}

function stackOf(thread: u32): usize {
  return stacks + (thread + 1) * STACK;
}

function yieldOften(count: u32): void {
  for (let i: u32 = 0; i < count; i++) call(SystemCall.sched_yield);
}

/** What clone accepts can be loaded, and outlives a switch to others. */
function segmentsOfEveryShape(): i32 {
  let failures = 0;
  for (let flags: u32 = 0; flags < 256; flags++) {
    if (isIn(EXITS | FAULTS, statusOf(segmentsWithFlags, flags))) continue;
    print("  flags ");
    printHex(flags);
    print("\n");
    failures++;
  }
  return failures;
}

/** In a process of its own, which a selector of no segment may end. */
function segmentsWithFlags(flags: u32): i32 {
  body = loadAll;
  for (let i = 0; i < entries.length; i++) {
    store<u32>(descriptor, entries[i]);
    store<u32>(descriptor, bases[<i32>(flags + <u32>i) % bases.length], USER_DESC_BASE);
    store<u32>(descriptor, limits[<i32>(flags + <u32>i) % limits.length], USER_DESC_LIMIT);
    store<u32>(descriptor, flags, USER_DESC_FLAGS);
    const top = stackOf(0);
    const thread = startThread(THREAD_FLAGS | CLONE_SETTLS, top, 0, descriptor);
    if (thread > 0) waitForEnd(thread);
  }
  const bad = startThread(THREAD_FLAGS | CLONE_SETTLS, stackOf(0), 0, USER_END);
  return bad === -EFAULT ? 0 : 1;
}

function loadAll(_argument: i32): void {
  for (let entry = FIRST_ENTRY; entry <= LAST_ENTRY; entry++) {
    load_gs((entry << 3) | 3);
    call(SystemCall.sched_yield);
    call(SystemCall.getpid);
  }
}

function waitForEnd(thread: i32): void {
  while (call(SystemCall.tgkill, call(SystemCall.getpid), thread, 0) === 0) yieldOften(1);
}

/** Every operation on words that are not there; a wait for one is refused. */
function futexesWhereNothingIs(): i32 {
  const page = call(SystemCall.mmap2, 0, PAGE_SIZE, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  let failures = 0;
  store<u32>(time, 0);
  store<u32>(time, 1, 4);
  for (let i = -1; i < addresses.length; i++) {
    const address = i < 0 ? page : addresses[i];
    for (let flags: u32 = 0; flags <= (FUTEX_PRIVATE | FUTEX_REALTIME); flags += FUTEX_PRIVATE) {
      for (let operation: u32 = 0; operation < OPERATIONS; operation++) {
        const code = operation | flags;
        store<u32>(words, 0);
        call(SystemCall.futex, address, code, 0, time, words, -1);
        call(SystemCall.futex, address, code, 1, time, address, -1);
        call(SystemCall.futex, words, code, 1, time, address, 0);
        if (address !== 0) call(SystemCall.futex, words, code, 0, address, words, -1);
      }
    }
    const wait = call(SystemCall.futex, address, FUTEX_WAIT, 0, time);
    if (wait !== -EFAULT && (address & 3) === 0) failures++;
  }
  return failures;
}

/** A thread waits in a page that its process unmaps; another process, which has it yet, wakes. */
function futexOnPageThatGoes(): i32 {
  shared = call(SystemCall.mmap2, 0, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  body = waitForShared;
  if (beginThread(stackOf(0), 0) < 0) return 1;
  while (!isThere) yieldOften(1);
  const child = fork();
  if (child === 0) {
    for (let i: u32 = 0; i < PATIENCE; i++) {
      if (call(SystemCall.futex, shared, FUTEX_WAKE, 1) === 1) call(SystemCall.exit_group, 0);
      yieldOften(1);
    }
    call(SystemCall.exit_group, 1);
  }
  call(SystemCall.munmap, shared, PAGE_SIZE);
  call(SystemCall.waitpid, child, status, 0);
  if (load<u32>(status) !== 0) return 1;
  joinThread(stackOf(0));
  return call(SystemCall.futex, shared, FUTEX_WAKE, 1) === -EFAULT ? 0 : 1;
}

function waitForShared(_argument: i32): void {
  isThere = true;
  call(SystemCall.futex, shared, FUTEX_WAIT, 0, 0);
}

/** Threads end with such lists, and with such words that are to be cleared. */
function listsThatLeadAnywhere(): i32 {
  body = endWithList;
  for (let i = 0; i < 4 * addresses.length; i++) {
    const thread = beginThread(stackOf(0), i);
    if (thread < 0) return 1;
    waitForEnd(thread);
  }
  return 0;
}

function endWithList(argument: i32): void {
  const address = addresses[argument >> 2];
  const itself = <u32>locks + 12;
  const kind = argument & 3;
  // head: the first entry, the offset of a lock in its entry, the lock that is being changed
  store<u32>(locks, kind === 1 ? itself : address);
  store<u32>(locks, kind === 2 ? address : 0, 4);
  store<u32>(locks, kind === 3 ? address : 0, 8);
  store<u32>(locks, itself, 12);
  call(SystemCall.set_robust_list, kind === 0 ? address : <u32>locks, 12);
  if (kind !== 1) call(SystemCall.set_tid_address, address);
}

/** Of four threads each ends the process in its way, and none waits for the others. */
function races(): i32 {
  for (race = 0; race < RACES; race++) {
    const child = fork();
    if (child === 0) {
      body = endSomehow;
      for (let i: u32 = 0; i < THREADS; i++) beginThread(stackOf(i), i);
      endSomehow(THREADS);
      call(SystemCall.exit_group, 0);
    }
    if (child < 0 || call(SystemCall.waitpid, child, status, 0) !== child) return 1;
  }
  return 0;
}

function endSomehow(thread: i32): void {
  yieldOften((race >> thread) & 3);
  switch ((race / (<u32>thread + 1) + thread) % 6) {
    case 0:
      store32(words, 0);
      call(SystemCall.execve, cstr("/bin/true"), words, words);
      break;
    case 1:
      call(SystemCall.exit_group, 0);
      break;
    case 2:
      call(SystemCall.exit, 0);
      break;
    case 3:
      call(SystemCall.kill, call(SystemCall.getpid), SIGKILL);
      break;
    case 4:
      if (fork() === 0) call(SystemCall.exit_group, 0);
      break;
    default:
      call(SystemCall.munmap, PAGE_SIZE, USER_END - PAGE_SIZE);
  }
}

/** As many as go, all of which wait; one end ends them all. */
function threadStorm(): i32 {
  const size = MOST_THREADS * SMALL_STACK;
  shared = call(SystemCall.mmap2, 0, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const area = call(SystemCall.mmap2, 0, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  body = waitForShared;
  let made: u32 = 0;
  while (made < MOST_THREADS && beginThread(area + (made + 1) * SMALL_STACK, 0) > 0) made++;
  yieldOften(1);
  if (made > THREADS && load32(shared) === 0) return 0;
  print("  threads: ");
  printDecimal(made);
  print("\n");
  return 1;
}
