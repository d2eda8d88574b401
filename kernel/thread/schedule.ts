// Who runs: of the most urgent runnable threads each in turn, a time slice each.
//
// Ordinary threads have no urgency. Those with a real-time policy (sched(7)) run before them, and
// as long as they want: a thread that becomes runnable takes the processor from a less urgent one,
// and one of SCHED_FIFO has no slice that could end.
//
// The kernel itself is not preemptive: a thread runs in it until it blocks, ends, or is about to
// return to user mode with its slice used up (beforeUserReturn in trap/trap.ts). To switch threads
// is to switch kernel stacks. When none can run, the thread that blocked last lends its stack to
// the idle loop: interrupts are on only there and in preemptionPoint().
//
// Invariants
//   - A runnable thread other than `currentThread` is in the run queue; `currentThread` never is,
//     except between makeRunnable(currentThread) and reschedule().
//   - No thread of the run queue is before a more urgent one.
//   - The tick is set, unless the machine idles and no thread is in the run queue.
//   - No thread is switched away from with a window open.
//   - RETURN_THREAD is in `returnWork` if `currentThread` has work to do before it returns to user
//     mode.

import { EINTR, ERESTARTSYS } from "../../src/abi/errno";
import { SCHED_FIFO, SCHED_RESET_ON_FORK } from "../../src/abi/linux/schedule";
import * as x86 from "../../src/abi/x86";
import { panic } from "../log/panic";
import { switch_stack } from "../machine/i686/context-switch";
import { setEntryThread } from "../machine/i686/entry-thread";
import { exchangeFloatingPoint } from "../machine/i686/floating-point";
import { currentSpace, setCurrentSpace } from "../memory/space";
import { addReturnWork, endReturnWork, RETURN_THREAD } from "../memory/user-return";
import { noWindowOpen } from "../memory/window";
import { wasInKernel } from "./interrupted";
import { MODE_TIME_SIZE, ModeTime } from "./mode-time";
import {
  currentOwner,
  currentThread,
  setCurrentThread,
  THREAD_SIZE,
  Thread,
  ThreadState,
  tellInspectors,
} from "./thread";
import { clearTimer, NEVER, setTimer, Timer } from "./timer";
import { nanosecondsOf, readUptime } from "./uptime";
import { Waiter, WaitQueue } from "./wait-queue";

/** How long a thread may run while others wait: so many periods, the current one included. */
const TIME_SLICE: u32 = 2;
/** The period of the tick. */
const PERIOD_NANOSECONDS: u64 = 10000000;

/** The current thread has used its slice up and others wait. */
export let sliceIsOver: bool = false;

const runQueue: WaitQueue = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));
let isIdle: bool = false;
/** The time in which no thread could run, in counts; less the counter at its start while idle. */
let idleCounts: u64 = 0;
/** Function index of (): void, to be called when a thread runs again; 0: none. */
let busyHandler: u32 = 0;
/** How often another thread was switched to. */
export let switches: u32 = 0;
/** What boots: it is left for good, for the first thread. */
const boot: Thread = changetype<Thread>(memory.data(THREAD_SIZE, 16));
/** The tick: time slices are counted in its periods, and each ends with a sample of the time. */
const tick: Timer = changetype<Timer>(memory.data(offsetof<Timer>(), 8));
/** Whose the time of all threads was. */
const modes: ModeTime = changetype<ModeTime>(memory.data(MODE_TIME_SIZE, 8));
/** Function index of (): void, to be called once in a period in which a thread runs; 0: none. */
let tickHandler: u32 = 0;

/** Runs the very first thread, whose kernel stack is prepared. Does not return. */
export function startScheduling(first: Thread): void {
  tick.handler = endPeriod.index;
  setCurrentThread(boot);
  makeRunnable(first);
  reschedule();
}

/** Puts a thread into the run queue, behind all that are as urgent. */
export function makeRunnable(thread: Thread): void {
  thread.state = ThreadState.runnable;
  if (!tick.isSet) startPeriod();
  enqueue(thread);
}

function enqueue(thread: Thread): void {
  "inline";
  runQueue.append(thread);
  if (thread.urgency !== 0) moveForward(thread);
}

/**
 * Puts a thread of the run queue where its urgency wants it: behind its equals, or before them if a
 * more urgent one has interrupted it.
 */
function moveForward(thread: Thread): void {
  const urgency = thread.urgency;
  const isInterrupted = thread === currentThread && sliceIsOver && thread.slice !== 0;
  const passed = isInterrupted ? urgency + 1 : urgency;
  runQueue.remove(thread);
  let next = runQueue.head;
  while (next !== null && changetype<Thread>(next).urgency >= passed) next = next.nextWaiter;
  runQueue.insert(thread, next);
  if (urgency > currentThread.urgency) endSlice();
}

/** Changes how urgent a thread is, and with it its place in the run queue. */
export function setUrgency(thread: Thread, urgency: u32): void {
  thread.urgency = urgency;
  if (thread === currentThread) endSlice();
  else if (thread.state === ThreadState.runnable && thread.queue !== null) moveForward(thread);
}

/** A child is scheduled as who makes it, unless that said otherwise. */
export function inheritUrgency(child: Thread): void {
  if ((currentThread.policy & SCHED_RESET_ON_FORK) !== 0) return;
  child.policy = currentThread.policy;
  child.urgency = currentThread.urgency;
}

/** Others are to be looked at before the current thread returns to user mode. */
function endSlice(): void {
  sliceIsOver = true;
  requestUserReturnWork();
}

/** A period begins. */
function startPeriod(): void {
  setTimer(tick, readUptime() + PERIOD_NANOSECONDS);
}

/** Runs the next thread; returns when the caller's is chosen again. */
export function reschedule(): void {
  const previous = currentThread;
  const next = nextRunnable();
  if (next === previous) resume(next);
  else switchThreads(previous, next);
}

function checkWindows(): void {
  "inline";
  if (!noWindowOpen()) panic(cstr("schedule: a thread blocks with a window open"));
}

/** Runs `next` in the place of `previous`, the current thread; returns when that runs again. */
function switchThreads(previous: Thread, next: Thread): void {
  checkWindows();
  const now = x86.rdtsc();
  previous.counts += now;
  next.counts -= now;
  enter(next);
  previous.segments.save();
  next.segments.load();
  exchangeFloatingPoint(previous.floatingPoint, next.floatingPoint);
  switch_stack(previous.savedEspAddress, next.savedEsp);
}

/** Lets the other runnable threads go first that are as urgent. */
export function yieldProcessor(): void {
  const thread = currentThread;
  if (runQueue.isEmpty()) {
    resume(thread);
  } else if (thread.urgency === 0) {
    // Behind all others: the first of them is next.
    switchThreads(thread, changetype<Thread>(runQueue.exchange(thread)));
  } else {
    enqueue(thread);
    reschedule();
  }
}

/**
 * A safe point of a long call: interrupts come in, and others run if the slice is over. Static
 * buffers may have changed afterwards.
 */
export function preemptionPoint(): void {
  if (isPreemptionDue()) yieldProcessor();
}

/** Lets interrupts come in: whether the slice is over then. */
export function isPreemptionDue(): bool {
  "inline";
  x86.sti();
  x86.readeflags(); // sti takes effect one instruction late; not `pause`: QEMU 7 is deaf after that
  x86.cli();
  return sliceIsOver;
}

/** Blocks until the queue is woken: 0, or -ERESTARTSYS because a signal came. */
export function sleepOn(queue: WaitQueue): i32 {
  if (currentThread.pendingSignal !== 0) return -ERESTARTSYS;
  queue.append(currentThread);
  return block();
}

/**
 * Blocks until the queue is woken, or until `deadline` (NEVER: there is none): 0, or -EINTR because
 * a signal came.
 */
export function sleepOnUntil(queue: WaitQueue, deadline: u64): i32 {
  if (currentThread.pendingSignal !== 0) return -EINTR;
  queue.append(currentThread);
  if (deadline !== NEVER) return sleepUntil(deadline);
  return block() !== 0 ? -EINTR : 0;
}

/**
 * Blocks until someone calls wake(), or until `deadline` in nanoseconds of uptime: 0, or -EINTR
 * because a signal came.
 */
export function sleepUntil(deadline: u64): i32 {
  if (currentThread.pendingSignal !== 0) return -EINTR;
  const timer = currentThread.sleepTimer;
  timer.handler = endSleep.index;
  timer.owner = changetype<usize>(currentThread);
  setTimer(timer, deadline);
  const result = block();
  clearTimer(timer);
  return result !== 0 && readUptime() < deadline ? -EINTR : 0;
}

function endSleep(timer: Timer): void {
  wake(changetype<Thread>(timer.owner));
}

/** Blocks until someone calls wake(): 0, or -ERESTARTSYS because a signal came. */
export function block(): i32 {
  if (currentThread.pendingSignal !== 0) return -ERESTARTSYS;
  suspend();
  return currentThread.pendingSignal !== 0 ? -ERESTARTSYS : 0;
}

/** Blocks until someone calls wake(), whatever signals are pending. */
export function suspend(): void {
  currentThread.state = ThreadState.blocked;
  reschedule();
}

/** Makes a blocked thread run on, whatever it waits for; others are left alone. */
export function wake(thread: Thread): void {
  if (thread.state !== ThreadState.blocked) return;
  const queue = thread.queue;
  if (queue !== null) queue.remove(thread);
  makeRunnable(thread);
}

/** Wakes every thread that waits in `queue`, and tells the other waiters. */
export function wakeAll(queue: WaitQueue): void {
  let waiter = queue.head;
  while (waiter !== null) {
    // Neither takes others out of this queue.
    const next = waiter.nextWaiter;
    if (waiter.notify === 0) wake(changetype<Thread>(waiter));
    else call_indirect<void>(waiter.notify, waiter);
    waiter = next;
  }
}

/** Has the current thread looked at before it returns to user mode. */
export function requestUserReturnWork(): void {
  addReturnWork(RETURN_THREAD);
}

/** What was asked for has been done: whether anything has come up since. */
export function endUserReturnWork(): void {
  setUserReturnWork(sliceIsOver || currentThread.pendingSignal !== 0);
}

function setUserReturnWork(isThere: bool): void {
  endReturnWork(RETURN_THREAD);
  if (isThere) addReturnWork(RETURN_THREAD);
}

/** From now on the function of index `index` is called once in a period, unless none runs. */
export function onTick(index: u32): void {
  tickHandler = index;
}

/** A period is over. There is not another one while no thread runs or could. */
function endPeriod(_timer: Timer): void {
  if (isIdle && runQueue.isEmpty()) return;
  startPeriod();
  if (isIdle) return;
  const thread = currentThread;
  const isSystem = wasInKernel();
  thread.modes.sample(isSystem, countsOf(thread));
  modes.sample(isSystem, busyCounts());
  if (tickHandler !== 0) call_indirect<void>(tickHandler);
  if (runQueue.isEmpty()) {
    thread.slice = TIME_SLICE;
    return;
  }
  if (thread.slice === 0 || hasNoSlice(thread)) return;
  thread.slice--;
  if (thread.slice === 0) endSlice();
}

/** Whether a thread runs until it waits, or until a more urgent one can run. */
export function hasNoSlice(thread: Thread): bool {
  return thread.plainPolicy === SCHED_FIFO;
}

/** The processor time that a thread has used, in nanoseconds. */
export function processorTime(thread: Thread): u64 {
  return nanosecondsOf(countsOf(thread));
}

/** The processor time that a thread has used, in counts. */
export function countsOf(thread: Thread): u64 {
  const runs = thread === currentThread && !isIdle;
  return runs ? thread.counts + x86.rdtsc() : thread.counts;
}

/** What of the time was the kernel's in which any thread ran, in nanoseconds. */
export function totalSystemTime(): u64 {
  return nanosecondsOf(modes.systemShare(busyCounts()));
}

/** The time in which a thread ran, in counts, from some moment on. */
function busyCounts(): u64 {
  return isIdle ? 0 - idleCounts : x86.rdtsc() - idleCounts;
}

/** The time in which no thread could run, in nanoseconds. */
export function idleTime(): u64 {
  return nanosecondsOf(isIdle ? idleCounts + x86.rdtsc() : idleCounts);
}

/** From now on time passes for no thread; with the negative of the counter: for one again. */
function countIdle(now: u64): void {
  currentThread.counts += now;
  idleCounts -= now;
}

/** Calls the function of index `index`, once, when a thread runs after a time without any. */
export function onceBusy(index: u32): void {
  busyHandler = index;
}

/** The time without a runnable thread is over. */
function endIdling(): void {
  countIdle(0 - x86.rdtsc());
  isIdle = false;
  const handler = busyHandler;
  busyHandler = 0;
  if (handler !== 0) call_indirect<void>(handler);
}

/** Threads that run or could. */
export function countRunnable(): u32 {
  let count: u32 = isIdle ? 0 : 1;
  for (let waiter = runQueue.head; waiter !== null; waiter = waiter!.nextWaiter) count++;
  return count;
}

/** Makes `thread` the current one, in all respects but the stack. */
function enter(thread: Thread): void {
  "inline";
  switches++;
  setCurrentSpace(thread.space);
  setEntryThread(thread.stackTop, currentSpace.cr3);
  setCurrentThread(thread);
  resume(thread);
}

/** Gives `thread`, which runs or is about to, a new time slice. */
function resume(thread: Thread): void {
  "inline";
  thread.slice = TIME_SLICE;
  sliceIsOver = false;
  setUserReturnWork((thread.pendingSignal | <u32>thread.heldFile) !== 0);
}

/** Takes the next thread out of the run queue; idles while there is none. */
function nextRunnable(): Thread {
  "inline";
  const first = runQueue.head;
  const next = first !== null ? first : idle();
  runQueue.dropFirst(next);
  return changetype<Thread>(next);
}

/** Waits until an interrupt has put a thread into the run queue: the first there. */
function idle(): Waiter {
  checkWindows();
  tellInspectors(0);
  countIdle(x86.rdtsc());
  isIdle = true;
  do {
    x86.stihlt();
    x86.cli();
  } while (runQueue.isEmpty());
  endIdling();
  tellInspectors(currentOwner);
  return runQueue.head!;
}
