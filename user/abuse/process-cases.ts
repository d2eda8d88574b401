// Cases about processes: many at once, endless ones, shared pages, and broken programs.

import { SystemCall } from "../../src/abi/linux/i386";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { SIGABRT, SIGKILL } from "../../src/abi/signals";
import { int80, load32, pause, store32 } from "../../src/abi/x86";
import { directoryError, listDirectory } from "../runtime/directory";
import { print, printDecimal, printLine } from "../runtime/output";
import {
  execve,
  exit,
  fork,
  getpid,
  kill,
  nanosleep,
  sysinfo,
  waitpid,
  yieldProcessor,
} from "../runtime/system-calls";
import { addressOf, toC } from "../runtime/text";
import { AbuseCase } from "./case";
import { EXITS, printStatus, statusOf } from "./outcome";

const CHILDREN: u32 = 200;
const DEPTH: u32 = 20;
/** Where the build puts the broken programs of user/abuse/broken-programs.asm.ts. */
const BROKEN = "/lib/abuse";
const MILLISECOND: u32 = 1_000_000;

const status: usize = memory.data(4, 4);
const time: usize = memory.data(8, 4);
const shared: usize = memory.data(4096, 4096);
const argv: usize = memory.data(8, 4);

export function processCases(): AbuseCase[] {
  return [
    new AbuseCase("200-forks", EXITS, manyForks),
    new AbuseCase("forks-in-forks", EXITS, () => descend(DEPTH)),
    new AbuseCase("endless-loop-beside", EXITS, endlessLoop),
    new AbuseCase("many-endless-loops-beside", EXITS, manyEndlessLoops),
    new AbuseCase("orphan-with-a-signal", EXITS, orphanWithSignal),
    new AbuseCase("copy-on-write", EXITS, copyOnWrite),
    new AbuseCase("copy-on-write-by-the-kernel", EXITS, copyOnWriteByKernel),
    new AbuseCase("broken-programs", EXITS, brokenPrograms),
  ];
}

function wait(process: i32): i32 {
  waitpid(process, status, 0);
  return load32(status);
}

/** An orphan's end would send process 1 the signal that its maker chose, and kill it. */
function orphanWithSignal(): i32 {
  const orphan = int80(SystemCall.clone, SIGABRT, 0, 0, 0, 0, 0);
  if (orphan < 0) return 1;
  if (orphan !== 0) return 0;
  store32(time, 0);
  store32(time + 4, 20 * MILLISECOND);
  nanosleep(time, 0);
  exit(0);
  return 1;
}

/** All live at the same time: each waits until the last one has been made. */
function manyForks(): i32 {
  let made: u32 = 0;
  for (; made < CHILDREN; made++) {
    const child = fork();
    if (child < 0) break;
    if (child === 0) {
      store32(time, 0);
      store32(time + 4, 200 * MILLISECOND);
      nanosleep(time, 0);
      exit(7);
    }
  }
  let ended: u32 = 0;
  while (waitpid(-1, status, 0) > 0) {
    if (load32(status) === 7 << 8) ended++;
  }
  if (made === CHILDREN && ended === made) return 0;
  print("  made ");
  printDecimal(made);
  print(", ended well ");
  printDecimal(ended);
  print("\n");
  return 1;
}

/** Each process makes the next one and waits for it. */
function descend(depth: u32): i32 {
  if (depth === 0) return 0;
  const child = fork();
  if (child === 0) exit(descend(depth - 1));
  return child > 0 && wait(child) === 0 ? 0 : 1;
}

function spin(): i32 {
  const child = fork();
  while (child === 0) pause();
  return child;
}

/** The kernel must be able to preempt a loop that makes no system call. */
function endlessLoop(): i32 {
  const child = spin();
  store32(time, 0);
  store32(time + 4, 50 * MILLISECOND);
  for (let i = 0; i < 4; i++) {
    if (nanosleep(time, 0) !== 0) return 1;
    yieldProcessor();
  }
  kill(child, SIGKILL);
  return wait(child) === SIGKILL ? 0 : 1;
}

function manyEndlessLoops(): i32 {
  const children = new StaticArray<i32>(10);
  for (let i = 0; i < children.length; i++) children[i] = spin();
  let sum: u32 = 0;
  for (let i: u32 = 0; i < 3_000_000; i++) sum += load32(shared) + 1;
  let failures = sum === 3_000_000 ? 0 : 1;
  for (let i = 0; i < children.length; i++) {
    kill(children[i], SIGKILL);
    if (wait(children[i]) !== SIGKILL) failures++;
  }
  return failures;
}

/** A parent must not see what its child writes, nor the other way round. */
function copyOnWrite(): i32 {
  for (let i: u32 = 0; i < PAGE_SIZE; i += 4) store32(shared + i, i);
  const child = fork();
  if (child === 0) {
    for (let i: u32 = 0; i < PAGE_SIZE; i += 4) store32(shared + i, getpid());
    exit(load32(shared + 4) === getpid() ? 0 : 1);
  }
  store32(shared + 8, 1);
  const ending = wait(child);
  for (let i: u32 = 0; i < PAGE_SIZE; i += 4) {
    const wanted = i === 8 ? 1 : i;
    if (load32(shared + i) !== wanted) return 1;
  }
  return ending === 0 ? 0 : 1;
}

/** A system call that writes to a shared page must make it private first. */
function copyOnWriteByKernel(): i32 {
  for (let i: u32 = 0; i < 64; i += 4) store32(shared + i, 0x11111111);
  const child = fork();
  if (child === 0) {
    sysinfo(shared);
    exit(load32(shared + 16) !== 0x11111111 ? 0 : 1);
  }
  const ending = wait(child);
  for (let i: u32 = 0; i < 64; i += 4) {
    if (load32(shared + i) !== 0x11111111) return 1;
  }
  return ending === 0 ? 0 : 1;
}

let program: ArrayBuffer = new ArrayBuffer(0);

/** Ends with status 0 if the kernel refuses the program. */
function execute(_argument: u32): i32 {
  store32(argv, addressOf(program));
  execve(addressOf(program), argv, 0);
  return 0;
}

/** None of these may run to its end: execve fails, or a signal ends the process. */
function brokenPrograms(): i32 {
  const names = listDirectory(cstr("/lib/abuse"));
  if (directoryError < 0 || names.length === 0) {
    printLine("  there are no programs in /lib/abuse");
    return 1;
  }
  let failures = 0;
  for (let i = 0; i < names.length; i++) {
    program = toC(`${BROKEN}/${names[i]}`);
    const ending = statusOf(execute, 0);
    if (ending === 0 || (ending & 0x7f) !== 0) continue;
    print(`  ${names[i]}: `);
    printStatus(ending);
    print("\n");
    failures++;
  }
  return failures;
}
