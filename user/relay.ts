// relay QUIET [alarm]: two threads hand a word to each other, by futex wait and wake.
//
//   first thread     word := GIVEN, wake;  while word is GIVEN: wait
//   second thread    while word is TAKEN: wait;  word := TAKEN, wake
//   third thread     sleeps PERIOD again and again, and takes the processor from both when it wakes
//
// With `alarm` there is a signal PERIOD after the last one instead of the third thread. In a test
// the time is over when the test says so, at any instruction of a round. The program ends once it
// has been interrupted and then not any more for QUIET rounds. A wake that is lost is a standstill;
// a segment that is not the thread's own, or a hand-over too many or too few, is status 1.

import { CLONE_SETTLS } from "../src/abi/linux/clone";
import { FUTEX_WAIT, FUTEX_WAKE } from "../src/abi/linux/futex";
import { SystemCall } from "../src/abi/linux/i386";
import { SCHED_FIFO } from "../src/abi/linux/schedule";
import { PAGE_SIZE } from "../src/abi/memory-map";
import { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from "../src/abi/mman";
import { SIGALRM } from "../src/abi/signals";
import { int80, load32, store32 } from "../src/abi/x86";
import { interruptionComes, roundBegins } from "./relay-code";
import { call } from "./runtime/answers";
import { argument, equals, parseDecimal, refuse, wantsHelp } from "./runtime/arguments";
import { print, printDecimal, printLine } from "./runtime/output";
import { describeSegment, descriptor, makeSegment, ownWord, useSegment } from "./runtime/segment";
import { startThread, THREAD_FLAGS } from "./runtime/thread";
import * as symbols from "./symbols";

const USAGE = `usage: relay QUIET [alarm]
Two threads hand a word to each other by a futex; a third one, or a signal, comes between.`;
const TAKEN: u32 = 0;
const GIVEN: u32 = 1;
/** In seconds: no time that passes by itself. */
const PERIOD: u32 = 1000;
/** In seconds: the wait has a deadline that never comes. */
const DEADLINE: u32 = 100_000_000;
const SECOND: i32 = 1;
const THIRD: i32 = 2;
const STACK: u32 = 4096;

const stacks: usize = memory.data(2 * 4096, 16);
/** The first words of the threads' segments: their numbers. */
const own: usize = memory.data(12, 4);
const words: usize = memory.data(16, 4);
const timeout: usize = memory.data(8, 4);
const period: usize = memory.data(8, 4);
const action: usize = memory.data(20, 4);

/** Where the word is: in shared memory. */
let word: usize = 0;
let taken: u32 = 0;
let interruptions: u32 = 0;
let mistakes: u32 = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const quiet = argc > 1 ? parseDecimal(argument(argv, 1)) : -1;
  const hasAlarm = argc === 3 && equals(argument(argv, 2), "alarm");
  if (quiet < 0 || argc > (hasAlarm ? 3 : 2)) return refuse(argv, argc > 1 ? 1 : 0, USAGE);
  const rights = PROT_READ | PROT_WRITE;
  word = call(SystemCall.mmap2, 0, PAGE_SIZE, rights, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  store<u32>(timeout, DEADLINE);
  store<u32>(period, PERIOD);
  useSegment(makeSegment(own));
  start(SECOND);
  if (hasAlarm) startAlarm();
  else start(THIRD);
  let given: u32 = 0;
  let since: i32 = 0;
  for (let seen: u32 = 0; seen === 0 || since < quiet; since++) {
    handOver();
    given++;
    if (seen !== interruptions) since = 0;
    seen = interruptions;
  }
  const isGood = mistakes === 0 && taken === given;
  printDecimal(interruptions);
  print(" interruptions, ");
  printDecimal(mistakes);
  printLine(" mistakes");
  return isGood ? 0 : 1;
}

/** Its GS has the same selector as ours, and its segment another base. */
function start(thread: i32): void {
  store<u32>(own + (thread << 2), thread);
  describeSegment(own + (thread << 2));
  if (startThread(THREAD_FLAGS | CLONE_SETTLS, stacks + thread * STACK, thread, descriptor) < 0) {
    mistakes++;
  }
}

export function runThread(thread: i32): void {
  if (thread === THIRD) interrupt();
  while (true) take();
}

/** The first thread's part of a round. */
function handOver(): void {
  roundBegins();
  store32(word, GIVEN);
  wake();
  while (load32(word) === GIVEN) wait(GIVEN, timeout);
  if (ownWord() !== 0) mistakes++;
}

/** The second thread's part. */
function take(): void {
  while (load32(word) === TAKEN) wait(TAKEN, 0);
  taken++;
  if (ownWord() !== SECOND) mistakes++;
  store32(word, TAKEN);
  wake();
}

function wait(value: u32, limit: usize): void {
  int80(SystemCall.futex, word, FUTEX_WAIT, value, limit, 0, 0);
}

function wake(): void {
  int80(SystemCall.futex, word, FUTEX_WAKE, 1, 0, 0, 0);
}

/** The third thread: more urgent than the others, which so lose the processor where they are. */
function interrupt(): void {
  store<u32>(words, 1);
  if (call(SystemCall.sched_setscheduler, 0, SCHED_FIFO, words) !== 0) mistakes++;
  while (call(SystemCall.nanosleep, period, 0) === 0) {
    noteInterruption();
    if (ownWord() !== THIRD) mistakes++;
  }
  mistakes++;
}

function startAlarm(): void {
  store<u32>(action, symbols.onAlarm());
  call(SystemCall.rt_sigaction, SIGALRM, action, 0, 8);
  call(SystemCall.alarm, PERIOD);
}

/** The handler of SIGALRM, in either thread. */
export function onAlarm(_signal: i32): void {
  noteInterruption();
  call(SystemCall.alarm, PERIOD);
  call(SystemCall.sched_yield);
}

function noteInterruption(): void {
  interruptionComes();
  interruptions++;
}
