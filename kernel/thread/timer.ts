// Timers: functions that are called when their time has come. Sleeping threads, time slices, alarms
// and timers of programs are all in one heap, the earliest on top.
//
//   root                     a pairing heap: each timer is due no later than its children
//   +- child <-> child       `firstChild`, and its siblings linked by `next` and `previous`;
//      +- child              the `previous` of a first child is its parent
//
// Setting and clearing a timer needs no memory. The hardware interrupts once, at the time of the
// earliest timer or before (the driver is registered); a timer that was cleared may leave an
// interrupt that finds nothing to do. When many fire at once, as programs may have thousands with
// the shortest intervals, the next interrupt leaves threads as much time as these have taken.
//
// Invariant: an interrupt is on its way at `interruptAt` or before, while a timer is set.

import { readUptime } from "./uptime";

export const NEVER: u64 = u64.MAX_VALUE;

@unmanaged
export class Timer {
  /** In nanoseconds of uptime. */
  deadline: u64 = 0;
  /** Index of the function to call with the timer; it may set the timer again. */
  handler: u32 = 0;
  /** What the handler is to know. */
  owner: usize = 0;
  firstChild: Timer | null = null;
  next: Timer | null = null;
  previous: Timer | null = null;
  /** Which of two that are due at once was set first; 0: it is not set. */
  order: u32 = 0;

  get isSet(): bool {
    return this.order !== 0;
  }

  isBefore(other: Timer): bool {
    if (this.deadline !== other.deadline) return this.deadline < other.deadline;
    return <i32>(this.order - other.order) < 0;
  }
}

/** The size of a timer, where one is part of another record. */
export const TIMER_SIZE: u32 = 32;

/** Timers that are many. */
const MANY: u32 = 32;

let root: Timer | null = null;
let lastOrder: u32 = 0;
/** When the hardware interrupts next, as far as it was told. */
let interruptAt: u64 = 0;
/** Function index of (nanoseconds): u32, which has it interrupt then or earlier: when it will. */
let driver: u32 = 0;

/** From now on the function of index `index` tells the hardware when to interrupt. */
export function onNextInterrupt(index: u32): void {
  driver = index;
  interruptAt = NEVER;
}

/** Calls the timer's handler at `deadline`; a timer that is set already is set anew. */
export function setTimer(timer: Timer, deadline: u64): void {
  if (timer.isSet) clearTimer(timer);
  timer.deadline = deadline;
  lastOrder++;
  if (lastOrder === 0) lastOrder = 1;
  timer.order = lastOrder;
  timer.firstChild = null;
  timer.next = null;
  timer.previous = null;
  root = meld(root, timer);
  if (deadline < interruptAt) interruptBy(deadline);
}

/** The handler is not called. A timer that is not set is left alone. */
export function clearTimer(timer: Timer): void {
  if (!timer.isSet) return;
  timer.order = 0;
  const children = pair(timer.firstChild);
  if (timer === root) {
    root = children;
    return;
  }
  const next = timer.next;
  const previous = timer.previous!;
  if (previous.firstChild === timer) previous.firstChild = next;
  else previous.next = next;
  if (next !== null) next.previous = previous;
  if (children !== null) root = meld(root, children);
}

/** The hardware has interrupted: calls the handlers of the timers that are due, in their order. */
export function fireTimers(): void {
  // Whatever is set meanwhile is looked at in the end.
  interruptAt = 0;
  const now = readUptime();
  let count: u32 = 0;
  for (let first = root; first !== null && first.deadline <= now; first = root) {
    clearTimer(first);
    call_indirect<void>(first.handler, first);
    count++;
  }
  interruptAt = NEVER;
  const next = root;
  if (next === null) return;
  interruptBy(count < MANY ? next.deadline : max<u64>(next.deadline, afterAsLong(now)));
}

/** The moment that is as far from now as `start` is. */
function afterAsLong(start: u64): u64 {
  const now = readUptime();
  return now + (now - start);
}

function interruptBy(deadline: u64): void {
  const now = readUptime();
  const wait = deadline > now ? deadline - now : 0;
  interruptAt = now + <u64>call_indirect<u32>(driver, <u32>min<u64>(wait, u32.MAX_VALUE));
}

/** One heap of two. */
function meld(one: Timer | null, other: Timer): Timer {
  if (one === null) return other;
  const isFirst = one.isBefore(other);
  const top = isFirst ? one : other;
  const child = isFirst ? other : one;
  const sibling = top.firstChild;
  child.previous = top;
  child.next = sibling;
  if (sibling !== null) sibling.previous = child;
  top.firstChild = child;
  top.next = null;
  top.previous = null;
  return top;
}

/** One heap of the siblings from `first` on: melded two by two, and these from the last on. */
function pair(first: Timer | null): Timer | null {
  let pairs: Timer | null = null;
  let timer = first;
  while (timer !== null) {
    const second = timer.next;
    const rest = second !== null ? second.next : null;
    const both = second !== null ? meld(timer, second) : timer;
    both.next = pairs;
    pairs = both;
    timer = rest;
  }
  let heap: Timer | null = null;
  while (pairs !== null) {
    const rest: Timer | null = pairs.next;
    heap = meld(heap, pairs);
    pairs = rest;
  }
  if (heap !== null) {
    heap.next = null;
    heap.previous = null;
  }
  return heap;
}

if (offsetof<Timer>() !== TIMER_SIZE) ERROR("a timer has 32 bytes");
