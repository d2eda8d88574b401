// Waiting in several queues at once: what poll(2) and its relatives do.
//
//   thread -> entry -> entry -> null        `pollEntries`, one for each queue
//               |        |
//             queue    queue                each entry is a waiter in its queue
//
// A file tells which queues to wait in by calling pollWait(), for whoever collects them. Whoever
// wakes a queue takes the entry out of it and wakes the thread, which looks at all of its files
// again. Who else wants to know of queues (epoll) collects them in a way of its own.
//
// Invariant: a thread that is not in such a call has no entries.

import { allocate, free } from "../memory/heap";
import { wake } from "./schedule";
import { currentThread, Thread } from "./thread";
import { Waiter, WaitQueue } from "./wait-queue";

@unmanaged
class PollEntry extends Waiter {
  nextEntry: PollEntry | null = null;
  thread: Thread = changetype<Thread>(0);
}

const ANY: u32 = 0xffffffff;
/** Function index of (queue, events): void, which pollWait() calls; 0: the current thread waits. */
let collector: u32 = 0;
let isShort: bool = false;

/** From now on pollWait() makes the current thread wait in queues. */
export function startCollecting(): void {
  collector = 0;
  isShort = false;
}

/** False: there was not enough memory for all queues. */
export function stopCollecting(): bool {
  return !isShort;
}

/** From now on pollWait() calls the function of index `index` with queues and events. */
export function collectBy(index: u32): void {
  collector = index;
}

/** Who waits for the file that is being asked waits in `queue`. */
export function pollWait(queue: WaitQueue): void {
  pollWaitFor(queue, ANY);
}

/** As pollWait(), in a queue that is woken for `events` alone. */
export function pollWaitFor(queue: WaitQueue, events: u32): void {
  if (collector === 0) waitIn(queue);
  else call_indirect<void>(collector, queue, events);
}

function waitIn(queue: WaitQueue): void {
  const at = allocate(offsetof<PollEntry>());
  if (at === 0) {
    isShort = true;
    return;
  }
  const entry = changetype<PollEntry>(at);
  const thread = currentThread;
  entry.notify = wakePoller.index;
  entry.thread = thread;
  entry.nextEntry = changetype<PollEntry | null>(thread.pollEntries);
  thread.pollEntries = entry;
  queue.append(entry);
}

function wakePoller(entry: PollEntry): void {
  entry.queue!.remove(entry);
  wake(entry.thread);
}

/** Takes the current thread out of all those queues. */
export function leaveQueues(): void {
  dropEntries(currentThread);
}

function dropEntries(thread: Thread): void {
  let entry = changetype<PollEntry | null>(thread.pollEntries);
  thread.pollEntries = null;
  while (entry !== null) {
    const next = entry.nextEntry;
    const queue = entry.queue;
    if (queue !== null) queue.remove(entry);
    free(changetype<usize>(entry));
    entry = next;
  }
}
