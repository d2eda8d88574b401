// Signals that have come and were not delivered yet: to a process, for any of its threads, or to
// one thread.
//
//   pending, notes of a process     kill, SIGCHLD, alarms: whichever thread takes it first
//   pending, notes of a thread      faults, tkill
//
// Invariants
//   - Bit n - 1 of `pending` is set while signal n is pending.
//   - `pendingSignal` of a thread is the signal that it takes next: the lowest that is pending and
//     not blocked, faults and SIGKILL first; 0: none. Whoever changes the pending signals or the
//     mask calls chooseSignal(). What comes to a process is chosen by one thread that can take it;
//     if another was faster, the thread finds that out when it takes what it chose.
//   - It is SIGKILL, too, for a thread that must end because its process does, or because another
//     thread calls execve; and SIGSTOP for one whose process is stopped.

import { RLIMIT_SIGPENDING } from "../../src/abi/linux/resource";
import {
  SI_KERNEL,
  SI_TIMER,
  SI_USER,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGKILL,
  SIGRTMIN,
  SIGSEGV,
  SIGSTOP,
} from "../../src/abi/signals";
import { Thread } from "../thread/thread";
import { softLimit } from "./limits";
import { Process } from "./process";
import { settleTimer } from "./program-timers";
import { freeNote, keepNote, SignalNote } from "./signal-note";

/** The note of the signal that was taken last. */
export const takenNote = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));

/** The bit of a signal in a set. */
export function signalBit(signal: u32): u64 {
  return (<u64>1) << (signal - 1);
}

/** Bits of half a set. */
const HALF: u32 = 32;
/** All of them are in the lower half. */
const URGENT: u32 =
  (1 << (SIGKILL - 1)) |
  (1 << (SIGSEGV - 1)) |
  (1 << (SIGBUS - 1)) |
  (1 << (SIGILL - 1)) |
  (1 << (SIGFPE - 1));

/**
 * Makes a signal pending for a process; once more than before only if it is a real-time signal.
 * False: such a one cannot be, as there are as many notes as RLIMIT_SIGPENDING allows.
 */
export function addPending(process: Process, note: SignalNote): bool {
  const bit = signalBit(note.signal);
  const isSecond = (process.pending & bit) !== 0;
  if (hasMostNotes(process)) {
    if (needsNote(note)) return false;
  } else process.notes = withNote(process, process.notes, note, isSecond);
  process.pending |= bit;
  return true;
}

/** As addPending(), for a thread. */
export function addThreadPending(thread: Thread, note: SignalNote): bool {
  const bit = signalBit(note.signal);
  const isSecond = (thread.pending & bit) !== 0;
  const process = changetype<Process>(thread.owner);
  if (hasMostNotes(process)) {
    if (needsNote(note)) return false;
  } else thread.notes = withNote(process, thread.notes, note, isSecond);
  thread.pending |= bit;
  return true;
}

function hasMostNotes(process: Process): bool {
  "inline";
  return process.noteCount >= softLimit(process.limits, RLIMIT_SIGPENDING);
}

/** Whether a signal does not come without its note: kill(2) and the kernel do what they can. */
function needsNote(note: SignalNote): bool {
  return note.signal >= SIGRTMIN && note.code !== SI_USER && note.code !== SI_KERNEL;
}

/**
 * Takes a signal that is pending for the thread, or for its process; the first if there are
 * several. What came with it is in takenNote. False: it is not pending, as another took it.
 */
export function takePending(process: Process, thread: Thread, signal: u32): bool {
  const bit = signalBit(signal);
  if ((thread.pending & bit) !== 0) {
    thread.notes = withoutNote(process, thread.notes, signal);
    if (!hasNote(thread.notes, signal)) thread.pending &= ~bit;
  } else {
    if ((process.pending & bit) === 0) return false;
    process.notes = withoutNote(process, process.notes, signal);
    if (!hasNote(process.notes, signal)) process.pending &= ~bit;
  }
  if (takenNote.code === SI_TIMER) settleTimer(process, takenNote);
  return true;
}

/** Forgets signals that are pending for a process or for one of its threads. */
export function dropPending(process: Process, signals: u64): void {
  dropSignals(process, process.thread, process.pending & signals);
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    dropSignals(process, thread, thread.pending & signals);
  }
}

function dropSignals(process: Process, thread: Thread, signals: u64): void {
  let left = signals;
  while (left !== 0) {
    const signal = 1 + <u32>ctz<u64>(left);
    while (takePending(process, thread, signal)) {}
    left &= left - 1;
  }
}

/** What is pending for a thread, blocked or not. */
export function pendingFor(process: Process, thread: Thread): u64 {
  return process.pending | thread.pending;
}

/** Says which signal the thread is to take next. */
export function chooseSignal(process: Process, thread: Thread): void {
  const ready = (process.pending | thread.pending) & ~thread.signalMask;
  thread.pendingSignal = mustEnd(process, thread) ? SIGKILL : firstOf(ready, process.isStopped);
}

/** The signal of a set that is taken first, for a process that is stopped or not; 0: none. */
function firstOf(ready: u64, isStopped: bool): u32 {
  "inline";
  const low = <u32>ready;
  const urgent = low & URGENT;
  if (urgent !== 0) return 1 + ctz<u32>(urgent);
  if (isStopped) return SIGSTOP;
  if (low !== 0) return 1 + ctz<u32>(low);
  const high = <u32>(ready >> HALF);
  return high !== 0 ? 1 + HALF + ctz<u32>(high) : 0;
}

/** Whether the thread ends before it returns to user mode, whatever is pending. */
export function mustEnd(process: Process, thread: Thread): bool {
  const executor = process.executor;
  return process.isEnding || (executor !== null && executor !== thread);
}

/**
 * Adds a note to a list of the process's, unless the signal is pending and not one that is counted.
 */
function withNote(process: Process, first: usize, note: SignalNote, isSecond: bool): usize {
  if (isSecond && note.signal < SIGRTMIN) return first;
  const kept = keepNote(note);
  if (kept === null) return first;
  process.noteCount++;
  if (first === 0) return changetype<usize>(kept);
  let last = changetype<SignalNote>(first);
  while (last.next !== null) last = last.next!;
  last.next = kept;
  return first;
}

/** Moves the first note of a signal from a list of the process's to takenNote. */
function withoutNote(process: Process, first: usize, signal: u32): usize {
  let before: SignalNote | null = null;
  let note = changetype<SignalNote | null>(first);
  while (note !== null && note.signal !== signal) {
    before = note;
    note = note.next;
  }
  if (note === null) {
    memory.fill(changetype<usize>(takenNote), 0, offsetof<SignalNote>());
    takenNote.signal = signal;
    return first;
  }
  const next = note.next;
  memory.copy(changetype<usize>(takenNote), changetype<usize>(note), offsetof<SignalNote>());
  freeNote(note);
  process.noteCount--;
  if (before === null) return changetype<usize>(next);
  before.next = next;
  return first;
}

function hasNote(first: usize, signal: u32): bool {
  let note = changetype<SignalNote | null>(first);
  while (note !== null && note.signal !== signal) note = note.next;
  return note !== null;
}
