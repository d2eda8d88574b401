// Threads that sleep until a tick: a queue in the order of their deadlines.

import { Thread } from "./thread";
import { Waiter, WaitQueue } from "./wait-queue";

const sleepers: WaitQueue = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));

/** Puts `thread`, which is about to block, among the sleepers until tick `deadline`. */
export function addSleeper(thread: Thread, deadline: u64): void {
  thread.wakeTick = deadline;
  let after: Waiter | null = sleepers.head;
  while (after !== null && changetype<Thread>(after).wakeTick <= deadline) {
    after = after.nextWaiter;
  }
  if (after === null) sleepers.append(thread);
  else sleepers.insertBefore(thread, after);
}

/** Takes out a thread whose deadline is `now` or earlier; null when there is none. */
export function takeDueSleeper(now: u64): Thread | null {
  const first = sleepers.head;
  if (first === null || changetype<Thread>(first).wakeTick > now) return null;
  sleepers.remove(first);
  return changetype<Thread>(first);
}
