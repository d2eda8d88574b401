// memhog [--first | --urgent | MIB]: takes memory until none is left, right up to the guard below
// the trampoline.
//
//   heap start                0xf0000000                         stack       USER_END
//      |  2. page by page, up ->  |     1. one page of each 16 MiB  | gap |  |
//      +--------------------------+---------------------------------+     +--+
//
// A child does it, so that the parent can tell how the child ended and that every frame came back.
// brk(2) gives addresses, the first write to a page gives memory: the child moves the end of its
// heap to the highest place that the kernel allows, writes there and at places below, then to every
// page from the bottom up. When the kernel has no frame left, it kills the child.
//
// With --first the child leaves a little and sleeps, and the parent wants more than that. Being
// process 1 it gets it: the kernel kills the child to make room. With --urgent the parent has a
// real-time policy then, and the child must run nevertheless to end.

import { SystemCall } from "../src/abi/linux/i386";
import { PAGE_SIZE, USER_END } from "../src/abi/memory-map";
import { SIGKILL } from "../src/abi/signals";
import * as x86 from "../src/abi/x86";
import { call } from "./runtime/answers";
import { argument, equals, parseDecimal, refuse, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { print, printDecimal, printHex, printLine } from "./runtime/output";
import { brk, exit, fork, nanosleep, waitpid } from "./runtime/system-calls";
import { freeBytes, updateInformation } from "./runtime/system-information";

const USAGE = `usage: memhog [--first | --urgent | MIB]
Writes to MIB mebibytes of heap, or without MIB to as much as there is.
  --first  as process 1: a child takes the memory, and then the parent wants some
  --urgent the same, and the parent runs before all others`;
const MIB_SHIFT: u32 = 20;
const FRAME_SHIFT: u64 = 12;
/** The places at the top are this far apart: each needs a page table of its own. */
const STRIDE: u32 = 16 << 20;
const HIGH: u32 = 0xf0000000;
/** Pages for each line of progress. */
const PROGRESS: u32 = 2048;
const ANY: u32 = 0xffffffff;
/** With --first: what the child leaves, and what the parent then wants, in pages. */
const LEFT: u32 = 64;
const WANTED: u32 = 256;
const LONG: i32 = 1000;
const SCHED_FIFO: i32 = 1;

const status: usize = memory.data(4);
const pause: usize = memory.data(8, 4);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc > 2) return refuse(argv, 2, USAGE);
  if (argc === 2 && equals(argument(argv, 1), "--first")) return hogAsFirst(false);
  if (argc === 2 && equals(argument(argv, 1), "--urgent")) return hogAsFirst(true);
  const wanted = argc === 2 ? parseDecimal(argument(argv, 1)) : 0;
  if (wanted < 0 || wanted > 4095) return refuse(argv, 1, USAGE);

  // What the program writes to later must have its frames now: a page that was only read has none.
  store<u32>(status, 0);
  const before = freeFrames();
  const child = fork();
  if (child === 0) exit(hog(argc === 2 ? (<u32>wanted) << MIB_SHIFT : ANY));
  if (child < 0) {
    complain("memhog", cstr("fork"), child);
    return 1;
  }
  waitpid(child, status, 0);
  const ending = load<u32>(status);
  return report(ending, before, freeFrames());
}

/** 0 if the child was killed for the parent's sake, and the parent still has what it wrote. */
function hogAsFirst(isUrgent: bool): i32 {
  const start = brk(0);
  brk(start + WANTED * PAGE_SIZE);
  const first = (start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
  const child = fork();
  if (child === 0) leaveLittle();
  // By the time no more than that is left, the child has taken all it wants.
  while (freeFrames() > LEFT) sleep(0, 10000000);
  store<i32>(pause, 1);
  if (isUrgent && call(SystemCall.sched_setscheduler, 0, SCHED_FIFO, pause) !== 0) return 1;
  for (let page: u32 = 0; page < WANTED - 1; page++) {
    x86.store32(first + page * PAGE_SIZE, page);
  }
  waitpid(child, status, 0);
  const madeRoom = (load<u32>(status) & 0x7f) === SIGKILL;
  let isWhole = true;
  for (let page: u32 = 0; page < WANTED - 1; page++) {
    if (x86.load32(first + page * PAGE_SIZE) !== page) isWhole = false;
  }
  if (madeRoom && isWhole) printLine("memhog: the child has made room for process 1");
  return madeRoom && isWhole ? 0 : 1;
}

function leaveLittle(): void {
  const start = (brk(0) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
  highestBreak(start);
  // Each page may also need a page table.
  for (let page = start; freeFrames() > LEFT; page += PAGE_SIZE) x86.store32(page, page);
  sleep(LONG, 0);
  exit(0);
}

function sleep(seconds: i32, nanoseconds: i32): void {
  store<i32>(pause, seconds);
  store<i32>(pause + 4, nanoseconds);
  nanosleep(pause, 0);
}

function freeFrames(): u32 {
  updateInformation();
  return <u32>(freeBytes() >> FRAME_SHIFT);
}

/** 0 if the child ended as it should and nothing is lost. */
function report(ending: u32, before: u32, after: u32): i32 {
  const wasKilled = (ending & 0x7f) === SIGKILL;
  if (wasKilled) printLine("memhog: the memory ended, and the kernel killed the process");
  else if (ending !== 0) printLine("memhog: the process ended as it should not");
  print("memhog: free frames before ");
  printDecimal(before);
  print(", after ");
  printDecimal(after);
  printLine(after >= before ? "" : ": some are lost");
  return (wasKilled || ending === 0) && after >= before ? 0 : 1;
}

/** Writes a word to each page of `bytes` bytes; returns only if there is enough memory. */
function hog(bytes: u32): i32 {
  const start = (brk(0) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
  const end = highestBreak(start);
  writeHigh(start, end);
  const last = min(end - start, bytes);
  let pages: u32 = 0;
  for (let offset: u32 = 0; offset < last; offset += PAGE_SIZE) {
    x86.store32(start + offset, start + offset);
    pages++;
    if (pages % PROGRESS === 0) printProgress(pages, start + offset);
  }
  printProgress(pages, start + last - PAGE_SIZE);
  return verify(start, last) ? 0 : 1;
}

/** The highest end of the heap that the kernel grants, found by bisection. */
function highestBreak(start: u32): u32 {
  let granted = start;
  let refused = USER_END;
  while (refused - granted > PAGE_SIZE) {
    const middle = (granted + (refused - granted) / 2) & ~(PAGE_SIZE - 1);
    if (brk(middle) === middle) granted = middle;
    else refused = middle;
  }
  brk(granted);
  return granted;
}

/** Writes to the last page of the heap and to pages below it, down to HIGH. */
function writeHigh(start: u32, end: u32): void {
  let lowest = end - PAGE_SIZE;
  const floor = max(HIGH, start);
  for (let page = end - PAGE_SIZE; page >= floor; page -= STRIDE) {
    x86.store32(page, page);
    lowest = page;
  }
  print("memhog: heap from ");
  printHex(start);
  print(" to ");
  printHex(end);
  print(", wrote at ");
  printHex(lowest);
  print(" to ");
  printHex(end - PAGE_SIZE);
  printLine("");
}

function printProgress(pages: u32, highest: u32): void {
  print("memhog: ");
  printDecimal(pages / 256);
  print(" MiB, highest address ");
  printHex(highest);
  printLine("");
}

/** Whether every page still has what was written to it. */
function verify(start: u32, size: u32): bool {
  for (let offset: u32 = 0; offset < size; offset += PAGE_SIZE) {
    if (x86.load32(start + offset) !== start + offset) {
      print("memhog: wrong contents at ");
      printHex(start + offset);
      printLine("");
      return false;
    }
  }
  return true;
}
