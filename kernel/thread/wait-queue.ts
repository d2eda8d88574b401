// A queue of processes, first come, first served.
//
//   head -> process -> process -> null          linked by Process.queueNext; tail is the last one
//
// The run queue is one, and so is each thing that can be waited for. Invariant: a process is in one
// queue at the most, and `process.queue` is that queue.

import { Process } from "../process/process";

@unmanaged
export class WaitQueue {
  head: Process | null = null;
  tail: Process | null = null;

  isEmpty(): bool {
    return this.head === null;
  }

  append(process: Process): void {
    const last = this.tail;
    process.queue = this;
    process.queueNext = null;
    if (last === null) this.head = process;
    else last.queueNext = process;
    this.tail = process;
  }

  /** Takes the process out that has been in for longest; null when the queue is empty. */
  takeFirst(): Process | null {
    const first = this.head;
    if (first === null) return null;
    this.head = first.queueNext;
    if (this.head === null) this.tail = null;
    first.queue = null;
    first.queueNext = null;
    return first;
  }

  /** Takes out a process that is somewhere in the queue. */
  remove(process: Process): void {
    let before: Process | null = null;
    let at = this.head;
    while (at !== null && at !== process) {
      before = at;
      at = at.queueNext;
    }
    if (at === null) return;
    if (before === null) this.head = process.queueNext;
    else before.queueNext = process.queueNext;
    if (this.tail === process) this.tail = before;
    process.queue = null;
    process.queueNext = null;
  }
}

if (offsetof<WaitQueue>() !== 8) ERROR("static queues have eight bytes");
