// Signals that have come to a process and were not delivered yet.
//
// Invariants
//   - Bit n - 1 of `pending` is set while signal n is pending.
//   - `pendingSignal` of the thread is the signal that it takes next: the lowest that is pending
//     and not blocked, faults and SIGKILL first; 0: none. Whoever changes the pending signals or
//     the mask calls chooseSignal().

import {
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGKILL,
  SIGNAL_MAX,
  SIGRTMIN,
  SIGSEGV,
} from "../../src/abi/signals";
import { Thread } from "../thread/thread";
import { Process } from "./process";
import { freeNote, keepNote, SignalNote } from "./signal-note";

/** The note of the signal that was taken last. */
export const takenNote = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));

/** The bit of a signal in a set. */
export function signalBit(signal: u32): u64 {
  return (<u64>1) << (signal - 1);
}

const URGENT: u64 =
  ((<u64>1) << (SIGKILL - 1)) |
  ((<u64>1) << (SIGSEGV - 1)) |
  ((<u64>1) << (SIGBUS - 1)) |
  ((<u64>1) << (SIGILL - 1)) |
  ((<u64>1) << (SIGFPE - 1));

/** Makes a signal pending; once more than before only if it is a real-time signal. */
export function addPending(process: Process, note: SignalNote): void {
  const bit = signalBit(note.signal);
  const isSecond = (process.pending & bit) !== 0;
  process.pending |= bit;
  if (isSecond && note.signal < SIGRTMIN) return;
  const kept = keepNote(note);
  if (kept === null) return;
  let last = process.notes;
  if (last === null) {
    process.notes = kept;
    return;
  }
  while (last.next !== null) last = last.next!;
  last.next = kept;
}

/** Takes a pending signal, the first if there are several: what came with it is in takenNote. */
export function takePending(process: Process, signal: u32): void {
  memory.fill(changetype<usize>(takenNote), 0, offsetof<SignalNote>());
  takenNote.signal = signal;
  const note = removeNote(process, signal);
  if (note !== null) {
    memory.copy(changetype<usize>(takenNote), changetype<usize>(note), offsetof<SignalNote>());
    freeNote(note);
  }
  if (!hasNote(process, signal)) process.pending &= ~signalBit(signal);
}

/** Forgets signals that are pending. */
export function dropPending(process: Process, signals: u64): void {
  for (let signal: u32 = 1; signal <= SIGNAL_MAX; signal++) {
    if ((process.pending & signals & signalBit(signal)) === 0) continue;
    while ((process.pending & signalBit(signal)) !== 0) takePending(process, signal);
  }
}

/** Says which signal the thread is to take next. */
export function chooseSignal(process: Process, thread: Thread): void {
  const ready = process.pending & ~thread.signalMask;
  if (ready === 0) {
    thread.pendingSignal = 0;
    return;
  }
  const urgent = ready & URGENT;
  thread.pendingSignal = 1 + <u32>ctz<u64>(urgent !== 0 ? urgent : ready);
}

function removeNote(process: Process, signal: u32): SignalNote | null {
  let before: SignalNote | null = null;
  let note = process.notes;
  while (note !== null && note.signal !== signal) {
    before = note;
    note = note.next;
  }
  if (note === null) return null;
  if (before === null) process.notes = note.next;
  else before.next = note.next;
  return note;
}

function hasNote(process: Process, signal: u32): bool {
  let note = process.notes;
  while (note !== null && note.signal !== signal) note = note.next;
  return note !== null;
}
