// A queue of threads, first come, first served.
//
//   head <-> waiter <-> waiter <-> tail          linked through the waiters themselves
//
// The run queue is one, the sleepers are one, and so is each thing that can be waited for. A waiter
// is the part of a thread's record that the queue knows; thread.ts has the rest.
//
// Invariant: a waiter is in one queue at most, and `waiter.queue` is that queue.

@unmanaged
export class Waiter {
  queue: WaitQueue | null = null;
  nextWaiter: Waiter | null = null;
  previousWaiter: Waiter | null = null;
}

@unmanaged
export class WaitQueue {
  head: Waiter | null = null;
  private tail: Waiter | null = null;

  isEmpty(): bool {
    return this.head === null;
  }

  append(waiter: Waiter): void {
    this.insertBefore(waiter, null);
  }

  /** Puts `waiter` before `next`, which is in this queue; null: at the end. */
  insertBefore(waiter: Waiter, next: Waiter | null): void {
    const previous = next === null ? this.tail : next.previousWaiter;
    waiter.queue = this;
    waiter.nextWaiter = next;
    waiter.previousWaiter = previous;
    if (previous === null) this.head = waiter;
    else previous.nextWaiter = waiter;
    if (next === null) this.tail = waiter;
    else next.previousWaiter = waiter;
  }

  /** Takes the first waiter out; null when the queue is empty. */
  takeFirst(): Waiter | null {
    const first = this.head;
    if (first !== null) this.remove(first);
    return first;
  }

  /** Takes out a waiter that is somewhere in this queue. */
  remove(waiter: Waiter): void {
    const next = waiter.nextWaiter;
    const previous = waiter.previousWaiter;
    if (previous === null) this.head = next;
    else previous.nextWaiter = next;
    if (next === null) this.tail = previous;
    else next.previousWaiter = previous;
    waiter.queue = null;
  }
}
