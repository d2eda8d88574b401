// Who runs: round robin over the runnable processes, a time slice each.
//
// The kernel itself is not preemptive: a process runs in it until it blocks, ends, or is about to
// return to user mode with its slice used up (beforeUserReturn in fault.ts). Each process has a
// kernel stack; to switch is to switch stacks. When nobody can run, the process that blocked last
// lends its stack to the idle loop: interrupts are on only there and in takeBreath().
//
// Invariants
//   - A runnable process other than `current` is in the run queue; `current` never is, except
//     between makeRunnable(current) and reschedule().
//   - Nobody switches with a window open.
//   - `attention` is true if `current` must not return to user mode just so.

import { EINTR } from "../../src/abi/errno";
import * as x86 from "../../src/abi/x86";
import { countTick, currentTick } from "../device/pit";
import { panic } from "../log/panic";
import { setCurrentThread } from "../machine/i686/entry-thread";
import { loadFloatingPoint, saveFloatingPoint } from "../machine/i686/floating-point";
import { noWindowOpen } from "../memory/window";
import { current, Process, ProcessState, setCurrent } from "../process/process";
import { WaitQueue } from "./wait-queue";

/** kernel/machine/i686/boot.asm.ts: saves this ESP at `saveOld`, goes on from `newEsp`. */
declare function switch_stack(saveOld: usize, newEsp: usize): void;

/** Ticks that a process may run while others wait. */
const TIME_SLICE: u32 = 2;

/** Look at the current process before it returns to user mode: see attend() in fault.ts. */
export let attention: bool = false;
/** The current process used its slice up and others wait. */
export let sliceIsOver: bool = false;

const runQueue: WaitQueue = changetype<WaitQueue>(memory.data(8, 4));
/** Sleeping processes, the one to wake first at the head; linked by sleeperNext. */
let sleepers: Process | null = null;
let isIdle: bool = false;
/** Where the boot stack's ESP goes; nobody comes back to it. */
const bootEsp: usize = memory.data(4, 4);

/** Runs the very first process, whose kernel stack is prepared. Does not return. */
export function startScheduling(first: Process): void {
  enter(first);
  loadFloatingPoint(first.floatingPoint);
  switch_stack(bootEsp, first.savedEsp);
}

/** Puts a process at the end of the run queue. */
export function makeRunnable(process: Process): void {
  process.state = ProcessState.runnable;
  runQueue.append(process);
}

/** Runs the next process; returns when `current` is chosen again. */
export function reschedule(): void {
  if (!noWindowOpen()) panic(cstr("schedule: a process blocks with a window open"));
  const previous = current;
  const next = nextRunnable();
  enter(next);
  if (next === previous) return;
  saveFloatingPoint(previous.floatingPoint);
  loadFloatingPoint(next.floatingPoint);
  switch_stack(previous.savedEspAddress, next.savedEsp);
}

/** Lets the other runnable processes go first. */
export function yieldProcessor(): void {
  makeRunnable(current);
  reschedule();
}

/**
 * A safe point of a call that takes long: interrupts come in, and others run if the slice is over.
 * Static buffers may have changed afterwards.
 */
export function takeBreath(): void {
  x86.sti();
  x86.readeflags(); // sti takes effect one instruction late; not `pause`: QEMU 7 is deaf after that
  x86.cli();
  if (sliceIsOver) yieldProcessor();
}

/** Blocks until the queue is woken: 0, or -EINTR because a signal came. */
export function sleepOn(queue: WaitQueue): i32 {
  if (current.pendingSignal !== 0) return -EINTR;
  queue.append(current);
  return block();
}

/** Blocks until tick `deadline`: 0, or -EINTR because a signal came. */
export function sleepUntil(deadline: u64): i32 {
  if (current.pendingSignal !== 0) return -EINTR;
  addSleeper(current, deadline);
  return block();
}

/** Blocks until someone calls wake(): 0, or -EINTR because a signal came. */
export function block(): i32 {
  if (current.pendingSignal !== 0) return -EINTR;
  current.state = ProcessState.blocked;
  reschedule();
  return current.pendingSignal !== 0 ? -EINTR : 0;
}

/** Makes a blocked process run on, whatever it waits for; others are left alone. */
export function wake(process: Process): void {
  if (process.state !== ProcessState.blocked) return;
  const queue = process.queue;
  if (queue !== null) queue.remove(process);
  if (process.isSleeping) removeSleeper(process);
  makeRunnable(process);
}

/** Wakes every process that waits in `queue`. */
export function wakeAll(queue: WaitQueue): void {
  for (let process = queue.head; process !== null; process = queue.head) wake(process);
}

/** Has the current process looked at before it returns to user mode. */
export function demandAttention(): void {
  attention = true;
}

/** The timer's interrupt: time passes for sleepers and for the running process. */
export function tick(): void {
  countTick();
  const now = currentTick();
  for (let first = sleepers; first !== null && first.wakeTick <= now; first = sleepers) wake(first);
  if (isIdle || current.slice === 0) return;
  current.slice--;
  if (current.slice !== 0) return;
  if (runQueue.isEmpty()) {
    current.slice = TIME_SLICE;
    return;
  }
  sliceIsOver = true;
  attention = true;
}

/** Makes `process` the current one, in all respects but the stack. */
function enter(process: Process): void {
  process.slice = TIME_SLICE;
  sliceIsOver = false;
  attention = process.pendingSignal !== 0;
  setCurrent(process, false);
  setCurrentThread(process.stackTop, process.cr3);
}

/** Takes the next process out of the run queue; idles while there is none. */
function nextRunnable(): Process {
  while (true) {
    const next = runQueue.takeFirst();
    if (next !== null) {
      isIdle = false;
      return next;
    }
    if (!isIdle) setCurrent(current, true);
    isIdle = true;
    x86.stihlt();
    x86.cli();
  }
}

function addSleeper(process: Process, deadline: u64): void {
  process.wakeTick = deadline;
  process.isSleeping = true;
  let before: Process | null = null;
  let after = sleepers;
  while (after !== null && after.wakeTick <= deadline) {
    before = after;
    after = after.sleeperNext;
  }
  process.sleeperNext = after;
  if (before === null) sleepers = process;
  else before.sleeperNext = process;
}

function removeSleeper(process: Process): void {
  process.isSleeping = false;
  let before: Process | null = null;
  let at = sleepers;
  while (at !== null && at !== process) {
    before = at;
    at = at.sleeperNext;
  }
  if (before === null) sleepers = process.sleeperNext;
  else before.sleeperNext = process.sleeperNext;
}
