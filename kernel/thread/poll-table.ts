// Waiting in several queues at once: what poll(2) and its relatives do.
//
//   thread -> entry -> entry -> null        `pollEntries`, one for each queue
//               |        |
//             queue    queue                each entry is a waiter in its queue
//
// A file tells which queues to wait in by calling pollWait() while it is asked whether it is ready.
// Whoever wakes a queue takes the entry out of it and wakes the thread, which looks at all of its
// files again.
//
// Invariant: a thread that is not in such a call has no entries.

import { allocate, free } from "../memory/heap";
import { currentThread, Thread } from "./thread";
import { Waiter, WaitQueue } from "./wait-queue";

@unmanaged
export class PollEntry extends Waiter {
  nextEntry: PollEntry | null = null;
}

let isCollecting: bool = false;
let isShort: bool = false;

/** From now on pollWait() makes the current thread wait in queues. */
export function startCollecting(): void {
  isCollecting = true;
  isShort = false;
}

/** pollWait() does nothing any more. False: there was not enough memory for all queues. */
export function stopCollecting(): bool {
  isCollecting = false;
  return !isShort;
}

/** Who waits for the file that is being asked waits in `queue`. */
export function pollWait(queue: WaitQueue): void {
  if (!isCollecting) return;
  const at = allocate(offsetof<PollEntry>());
  if (at === 0) {
    isShort = true;
    return;
  }
  const entry = changetype<PollEntry>(at);
  const thread = currentThread;
  entry.thread = changetype<usize>(thread);
  entry.nextEntry = changetype<PollEntry | null>(thread.pollEntries);
  thread.pollEntries = entry;
  queue.append(entry);
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
