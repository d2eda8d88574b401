// The threads of a process.
//
//   process.thread -> first -> second -> … -> null        linked through the threads, oldest first
//   process.endedThreads -> …                             records that can go
//
// The first thread has the process's id. If it ends before others do, its record stays where it is
// until the process ends. The record of another thread, with the kernel stack on which it ended,
// goes when the next thread of the process begins or ends.
//
// Invariant: `livingThreads` counts the threads of the list that have not ended.

import { PROCESS_NAME_SIZE } from "../../src/abi/kernel-info";
import { countsOf } from "../thread/schedule";
import { createThread, Thread, ThreadState } from "../thread/thread";
import { nanosecondsOf } from "../thread/uptime";
import { currentProcess, firstProcess, Process, releaseEndedThreads, unusedId } from "./process";
import { freeNotes } from "./signal-note";

/** A thread more of the process, with an id and cleared registers, or null: no memory, no id. */
export function addThread(process: Process): Thread | null {
  releaseEndedThreads(process);
  const id = unusedId();
  if (id === 0) return null;
  const thread = createThread(changetype<usize>(process));
  if (thread === null) return null;
  thread.id = id;
  thread.space = process.space;
  let last = process.thread;
  for (let next = last.nextThread; next !== null; next = last.nextThread) last = next;
  last.nextThread = thread;
  process.livingThreads++;
  return thread;
}

/** Takes back a thread that addThread() made and that has not run. */
export function discardThread(process: Process, thread: Thread): void {
  unlinkThread(process, thread);
  process.livingThreads--;
  thread.release();
}

/** The running thread, which is not the last of its process, has ended. */
export function noteEndOfThread(process: Process, thread: Thread): void {
  releaseEndedThreads(process);
  process.livingThreads--;
  process.noteCount -= freeNotes(thread.notes);
  thread.notes = 0;
  thread.pending = 0;
  if (thread === process.thread) return;
  unlinkThread(process, thread);
  noteEnded(process, thread);
}

/**
 * The running thread, which alone lives on, takes the place of the first one: see execve(2).
 */
export function becomeFirst(process: Process, thread: Thread): void {
  const first = process.thread;
  if (first === thread) return;
  process.thread = thread;
  process.stackTop = thread.stackTop;
  thread.id = process.pid;
  noteEnded(process, first);
}

/** The thread of that id, ended ones included that are the first of their process; or null. */
export function findThread(id: u32): Thread | null {
  const own = threadOf(currentProcess(), id);
  if (own !== null) return own;
  let process = firstProcess();
  while (process !== null) {
    const found = threadOf(process, id);
    if (found !== null) return found;
    process = process.next;
  }
  return null;
}

/** The thread of that id if it is the process's, or null. */
export function threadOf(process: Process, id: u32): Thread | null {
  let thread: Thread | null = process.thread;
  while (thread !== null && thread.id !== id) thread = thread.nextThread;
  return thread;
}

/** The process that a thread belongs to. */
export function processOf(thread: Thread): Process {
  return changetype<Process>(thread.owner);
}

/** What a thread is called: NUL-terminated, PROCESS_NAME_SIZE bytes. */
export function threadName(thread: Thread): usize {
  const process = processOf(thread);
  if (thread === process.thread) return process.name;
  return changetype<usize>(thread) + offsetof<Thread>("name0");
}

/** Names a thread, and with its first thread the process. */
export function setThreadName(thread: Thread, text: usize, length: u32): void {
  const process = processOf(thread);
  if (thread === process.thread) {
    process.setName(text, length);
    return;
  }
  const name = threadName(thread);
  memory.fill(name, 0, PROCESS_NAME_SIZE);
  memory.copy(name, text, min<u32>(length, PROCESS_NAME_SIZE - 1));
}

/** Whether one of the process's threads could run. */
export function isRunnable(process: Process): bool {
  let thread: Thread | null = process.thread;
  while (thread !== null && thread.state !== ThreadState.runnable) thread = thread.nextThread;
  return thread !== null;
}

/** The processor time that all threads have used, those that have ended included. */
export function processTime(process: Process): u64 {
  return processUserTime(process) + processSystemTime(process);
}

/** What of it was the program's. */
export function processUserTime(process: Process): u64 {
  return timeIn(process, null, false);
}

/** What of it was the kernel's. */
export function processSystemTime(process: Process): u64 {
  return timeIn(process, null, true);
}

/** The kernel's part, or the program's, of what one thread has used, or all have (null). */
export function timeIn(process: Process, only: Thread | null, isSystem: bool): u64 {
  let counts: u64 = 0;
  let thread: Thread | null = only;
  if (thread === null) {
    counts = process.endedSystemCounts;
    if (!isSystem) counts = process.endedCounts - counts;
    thread = process.thread;
  }
  while (thread !== null) {
    const all = countsOf(thread);
    const system = thread.modes.systemShare(all);
    counts += isSystem ? system : all - system;
    thread = only === null ? thread.nextThread : null;
  }
  return nanosecondsOf(counts);
}

/** How many threads of that user there are. */
export function countThreadsOf(user: u32): u32 {
  let count: u32 = 0;
  let process = firstProcess();
  while (process !== null) {
    if (process.thread.credentials.user === user) count += process.livingThreads;
    process = process.next;
  }
  return count;
}

function noteEnded(process: Process, thread: Thread): void {
  const counts = countsOf(thread);
  process.endedCounts += counts;
  process.endedSystemCounts += thread.modes.systemShare(counts);
  thread.nextThread = process.endedThreads;
  process.endedThreads = thread;
}

function unlinkThread(process: Process, thread: Thread): void {
  let before = process.thread;
  while (before.nextThread !== thread) before = before.nextThread!;
  before.nextThread = thread.nextThread;
}
