// What comes with a signal: who sent it and why, for siginfo_t.
//
// Notes of a process, and of a thread, are a list, in the order in which they came. A signal below
// SIGRTMIN has one at most; without memory for a note a signal comes without.

import { SI_KERNEL, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP } from "../../src/abi/signals";
import { allocate, free } from "../memory/heap";

@unmanaged
export class SignalNote {
  next: SignalNote | null = null;
  signal: u32 = 0;
  /** SI_USER, … */
  code: i32 = 0;
  /** The sender, or the child that the signal is about. */
  pid: u32 = 0;
  user: u32 = 0;
  /** A value that was sent along, an address that faulted, or a child's status. */
  value: u32 = 0;

  /** Whether the signal tells of a fault: then its value is an address. */
  get isFault(): bool {
    const signal = this.signal;
    const isFault =
      signal === SIGSEGV ||
      signal === SIGBUS ||
      signal === SIGILL ||
      signal === SIGFPE ||
      signal === SIGTRAP;
    return isFault && this.code > 0 && this.code !== SI_KERNEL;
  }
}

/** Where a note is kept, unless another is there: most are taken before the next one comes. */
const place: usize = memory.data(offsetof<SignalNote>(), 4);
let isPlaceTaken: bool = false;

/** A copy of a note, to be given to freeNote(), or null when out of memory. */
export function keepNote(note: SignalNote): SignalNote | null {
  const at = isPlaceTaken ? allocate(offsetof<SignalNote>()) : place;
  if (at === 0) return null;
  isPlaceTaken = true;
  memory.copy(at, changetype<usize>(note), offsetof<SignalNote>());
  const kept = changetype<SignalNote>(at);
  kept.next = null;
  return kept;
}

export function freeNote(note: SignalNote): void {
  if (changetype<usize>(note) === place) isPlaceTaken = false;
  else free(changetype<usize>(note));
}

/** Frees a note and all that follow it; 0: none. How many there were. */
export function freeNotes(first: usize): u32 {
  let note = changetype<SignalNote | null>(first);
  let count: u32 = 0;
  while (note !== null) {
    const next = note.next;
    freeNote(note);
    note = next;
    count++;
  }
  return count;
}
