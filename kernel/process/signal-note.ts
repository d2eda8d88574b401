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

/** A copy of a note in the heap, or null when out of memory. */
export function keepNote(note: SignalNote): SignalNote | null {
  const at = allocate(offsetof<SignalNote>());
  if (at === 0) return null;
  memory.copy(at, changetype<usize>(note), offsetof<SignalNote>());
  const kept = changetype<SignalNote>(at);
  kept.next = null;
  return kept;
}

export function freeNote(note: SignalNote): void {
  free(changetype<usize>(note));
}

/** Frees a note and all that follow it; 0: none. */
export function freeNotes(first: usize): void {
  let note = changetype<SignalNote | null>(first);
  while (note !== null) {
    const next = note.next;
    freeNote(note);
    note = next;
  }
}
