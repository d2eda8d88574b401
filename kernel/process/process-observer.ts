// Who wants to know what becomes of processes: tracing, when it is on.
//
// Below those who look on, so that nothing here depends on them: they register functions.

import { SignalNote } from "./signal-note";

/** Function indices, 0: none. `(note: SignalNote): void`, and `(status: u32): void`. */
let onSignal: u32 = 0;
let onEnd: u32 = 0;

/** Both are called for the current thread: a signal is delivered to it, it ends. */
export function observeProcesses(signal: u32, end: u32): void {
  onSignal = signal;
  onEnd = end;
}

export function noticeSignal(note: SignalNote): void {
  if (onSignal !== 0) call_indirect<void>(onSignal, note);
}

export function noticeEnd(status: u32): void {
  if (onEnd !== 0) call_indirect<void>(onEnd, status);
}
