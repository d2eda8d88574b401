// What an epoll file waits for: its interests, each in one open file.
//
//   InterestList -> interest <-> interest        all of them (`next`, `previous`)
//        |             ^-- nextReady -- ...      those to look at: something has happened there
//        |
//   OpenFile.interests -> interest -> ...        those in one file (`nextOfFile`)
//                            |
//                         entry -> entry         its places in the file's queues (`nextEntry`)
//
// When a queue is woken, the interests that wait there become ready: they are put at the end of the
// list of ready ones, and whoever waits for the epoll file is woken. What is really true of the
// file is asked when the events are fetched.
//
// Invariants
//   - An interest holds no reference of its file: it goes when the file is closed, before the
//     file's queues do.
//   - An epoll file is at the end of a chain of at most MOST_NESTED others, and of no circle.

import { EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, EPOLLWAKEUP } from "../../../src/abi/linux/epoll";
import { POLLERR, POLLHUP } from "../../../src/abi/poll";
import { OpenFile } from "../../file/open-file";
import { allocate, free } from "../../memory/heap";
import { collectBy } from "../../thread/poll-table";
import { wakeAll } from "../../thread/schedule";
import { Waiter, WaitQueue } from "../../thread/wait-queue";

/** Events that are told whether they are asked for or not: every active interest has them. */
export const ALWAYS_TOLD: u32 = POLLERR | POLLHUP;
/** Bits that are not events. */
const OPTIONS: u32 = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;

@unmanaged
class InterestEntry extends Waiter {
  nextEntry: InterestEntry | null = null;
  interest: Interest = changetype<Interest>(0);
  /** What the queue is woken for. */
  events: u32 = 0;
}

@unmanaged
export class Interest {
  list: InterestList = changetype<InterestList>(0);
  file: OpenFile = changetype<OpenFile>(0);
  /** The number under which the file was added. */
  descriptor: u32 = 0;
  /** POLLIN, … and EPOLLET, …; without the former while a one-shot interest has fired. */
  events: u32 = 0;
  /** What the program wants to be told with the events. */
  data: u64 = 0;
  next: Interest | null = null;
  previous: Interest | null = null;
  nextReady: Interest | null = null;
  previousReady: Interest | null = null;
  isReady: bool = false;
  nextOfFile: Interest | null = null;
  /** For the first interest in a file: the search of ways that came to the file last. */
  mark: u32 = 0;
  entries: InterestEntry | null = null;

  get isActive(): bool {
    return (this.events & ~OPTIONS) !== 0;
  }

  get isOneShot(): bool {
    return (this.events & EPOLLONESHOT) !== 0;
  }

  get isEdgeTriggered(): bool {
    return (this.events & EPOLLET) !== 0;
  }

  /** It has fired: it is asleep until the program sets its events anew. */
  disable(): void {
    this.events &= OPTIONS;
  }

  /** What is true of the file at this moment, as far as it is asked for. */
  happened(): u32 {
    return this.isActive ? this.file.poll() & (this.events & ~OPTIONS) : 0;
  }

  /** Waits in the file's queues from now on; it is ready if there is something to tell already. */
  watch(): bool {
    collecting = this;
    isShort = false;
    collectBy(waitFor.index);
    this.file.enterQueues();
    if (isShort) return false;
    if (this.happened() !== 0) this.list.noteReady(this);
    return true;
  }

  /** The program asks for other events. */
  change(events: u32, data: u64): void {
    this.events = events;
    this.data = data;
    if (this.happened() !== 0) this.list.noteReady(this);
  }

  /** Leaves the file's queues. */
  unwatch(): void {
    let entry = this.entries;
    this.entries = null;
    while (entry !== null) {
      const next = entry.nextEntry;
      const queue = entry.queue;
      if (queue !== null) queue.remove(entry);
      free(changetype<usize>(entry));
      entry = next;
    }
  }
}

@unmanaged
export class InterestList {
  /** Who waits for one of them to be ready. */
  waiters: WaitQueue = changetype<WaitQueue>(0);
  first: Interest | null = null;
  firstReady: Interest | null = null;
  lastReady: Interest | null = null;
  /** The open file of the list. */
  file: OpenFile = changetype<OpenFile>(0);
  /** For the search of circles: the search that came here last, and what it found. */
  mark: u32 = 0;
  depth: u32 = 0;

  /** The interest in `file` under that number, or null. */
  find(file: OpenFile, descriptor: u32): Interest | null {
    let interest = firstOf(file);
    while (interest !== null) {
      if (interest.list === this && interest.descriptor === descriptor) return interest;
      interest = interest.nextOfFile;
    }
    return null;
  }

  /** A new interest, which does not watch its file yet; null when out of memory. */
  add(file: OpenFile, descriptor: u32): Interest | null {
    const interest = changetype<Interest | null>(allocate(offsetof<Interest>()));
    if (interest === null) return null;
    interest.list = this;
    interest.file = file;
    interest.descriptor = descriptor;
    const first = this.first;
    interest.next = first;
    if (first !== null) first.previous = interest;
    this.first = interest;
    interest.nextOfFile = firstOf(file);
    file.interests = changetype<usize>(interest);
    return interest;
  }

  /** Ends an interest. */
  remove(interest: Interest): void {
    interest.unwatch();
    this.dropReady(interest);
    const next = interest.next;
    const previous = interest.previous;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next !== null) next.previous = previous;
    forgetInFile(interest);
    free(changetype<usize>(interest));
  }

  /** Something has happened to the file of an interest, or may have. */
  noteReady(interest: Interest): void {
    if (!interest.isActive) return;
    this.addReady(interest);
    wakeAll(this.waiters);
  }

  /** Puts an interest at the end of the ready ones. */
  addReady(interest: Interest): void {
    if (interest.isReady) return;
    interest.isReady = true;
    const last = this.lastReady;
    interest.previousReady = last;
    interest.nextReady = null;
    this.lastReady = interest;
    if (last === null) this.firstReady = interest;
    else last.nextReady = interest;
  }

  /** Takes an interest out of the ready ones, if it is one. */
  dropReady(interest: Interest): void {
    if (!interest.isReady) return;
    interest.isReady = false;
    const next = interest.nextReady;
    const previous = interest.previousReady;
    if (previous === null) this.firstReady = next;
    else previous.nextReady = next;
    if (next === null) this.lastReady = previous;
    else next.previousReady = previous;
  }

  /** Whether there is an event to fetch. */
  hasEvent(): bool {
    let interest = this.firstReady;
    while (interest !== null) {
      if (interest.happened() !== 0) return true;
      // Somebody else was faster.
      const next = interest.nextReady;
      this.dropReady(interest);
      interest = next;
    }
    return false;
  }
}

/** Whose queues are being collected. */
let collecting: Interest = changetype<Interest>(0);
let isShort: bool = false;

/** The first interest in a file, or null. */
export function firstOf(file: OpenFile): Interest | null {
  return changetype<Interest | null>(file.interests);
}

/** The file is about to be closed: whoever is interested in it forgets it. */
export function forgetFile(file: OpenFile): void {
  for (let interest = firstOf(file); interest !== null; interest = firstOf(file)) {
    interest.list.remove(interest);
  }
}

function waitFor(queue: WaitQueue, events: u32): void {
  const interest = collecting;
  const entry = changetype<InterestEntry | null>(allocate(offsetof<InterestEntry>()));
  if (entry === null) {
    isShort = true;
    return;
  }
  entry.notify = noteWake.index;
  entry.interest = interest;
  entry.events = events;
  entry.nextEntry = interest.entries;
  interest.entries = entry;
  queue.append(entry);
}

/** A queue of the file was woken; the entry stays in it. */
function noteWake(entry: InterestEntry): void {
  const interest = entry.interest;
  if ((entry.events & interest.events) !== 0) interest.list.noteReady(interest);
}

function forgetInFile(interest: Interest): void {
  const file = interest.file;
  let at = firstOf(file)!;
  if (at === interest) {
    file.interests = changetype<usize>(interest.nextOfFile);
    return;
  }
  while (at.nextOfFile !== interest) at = at.nextOfFile!;
  at.nextOfFile = interest.nextOfFile;
}
