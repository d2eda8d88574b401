// A queue of threads, first come, first served.
//
//   head <-> waiter <-> waiter <-> tail          linked through the waiters themselves
//
// The run queue is one, and so is each thing that can be waited for. A waiter
// is the part of a thread's record that the queue knows; thread.ts has the rest.
//
// Invariant: a waiter is in one queue at most, and `waiter.queue` is that queue.

@unmanaged
export class Waiter {
  queue: WaitQueue | null = null;
  nextWaiter: Waiter | null = null;
  previousWaiter: Waiter | null = null;
  /**
   * Index of the function to call with the waiter when its queue is woken, which decides whether it
   * stays there; 0: it is a thread, which leaves the queue and runs on.
   */
  notify: u32 = 0;
}

/** A thread that waits for a word of user memory: futex.ts. */
@unmanaged
export class FutexWaiter extends Waiter {
  owner: usize = 0;
  page: u32 = 0;
  offset: u32 = 0;
  bits: u32 = 0;
  thread: usize = 0;
}

@unmanaged
export class WaitQueue {
  head: Waiter | null = null;
  private tail: Waiter | null = null;

  isEmpty(): bool {
    return this.head === null;
  }

  append(waiter: Waiter): void {
    const last = this.tail;
    waiter.queue = this;
    waiter.nextWaiter = null;
    waiter.previousWaiter = last;
    this.tail = waiter;
    if (last === null) this.head = waiter;
    else last.nextWaiter = waiter;
  }

  /** Puts a waiter before `next`, which is in this queue; null: at the end. */
  insert(waiter: Waiter, next: Waiter | null): void {
    if (next === null) {
      this.append(waiter);
      return;
    }
    const previous = next.previousWaiter;
    waiter.queue = this;
    waiter.nextWaiter = next;
    waiter.previousWaiter = previous;
    next.previousWaiter = waiter;
    if (previous === null) this.head = waiter;
    else previous.nextWaiter = waiter;
  }

  /** Takes the first waiter out; null when the queue is empty. */
  takeFirst(): Waiter | null {
    const first = this.head;
    if (first !== null) this.dropFirst(first);
    return first;
  }

  /** As append() of `waiter` and takeFirst(), of a queue that is not empty: nothing is null. */
  exchange(waiter: Waiter): Waiter {
    "inline";
    const first = changetype<Waiter>(this.head);
    const last = changetype<Waiter>(this.tail);
    waiter.queue = this;
    waiter.nextWaiter = null;
    waiter.previousWaiter = last;
    this.tail = waiter;
    last.nextWaiter = waiter;
    const next = changetype<Waiter>(first.nextWaiter);
    first.queue = null;
    this.head = next;
    next.previousWaiter = null;
    return first;
  }

  /** Takes out `first`, which is the head. */
  dropFirst(first: Waiter): void {
    "inline";
    const next = first.nextWaiter;
    first.queue = null;
    this.head = next;
    if (next === null) this.tail = null;
    else next.previousWaiter = null;
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

  /** Takes all waiters out: the queue is about to go. */
  dropAll(): void {
    while (this.takeFirst() !== null) {}
  }
}
