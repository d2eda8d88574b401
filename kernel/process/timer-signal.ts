// What happens when a timer of timer_create(2) expires: its signal is sent, or it counts an
// overrun.

import { SI_TIMER } from "../../src/abi/signals";
import { Thread } from "../thread/thread";
import { Timer } from "../thread/timer";
import { pendingFor, signalBit } from "./pending-signals";
import { Process } from "./process";
import { firstTimer, ProgramTimer } from "./program-timers";
import { sendNote, sendThreadNote } from "./signal";
import { SignalNote } from "./signal-note";
import { threadOf } from "./thread-group";

const note = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));

/** Lets a new timer send its signals. */
export function ringProgramTimer(timer: ProgramTimer): void {
  timer.handler = ring.index;
}

/** A period is over: the timers of the process that count processor time may have expired. */
export function ringProcessorTimers(process: Process): void {
  let timer = firstTimer(process);
  while (timer !== null) {
    if (timer.isOfProcessor) ring(timer);
    timer = timer.nextTimer;
  }
}

function ring(timer: Timer): void {
  const expired = changetype<ProgramTimer>(timer);
  const count = expired.pass();
  if (count === 0 || expired.signal === 0) return;
  const process = changetype<Process>(expired.owner);
  // A signal that was forgotten or never noted is not pending, whatever the timer thinks.
  let thread: Thread | null = null;
  if (expired.target !== 0) {
    thread = threadOf(process, expired.target);
    if (thread === null) return;
  }
  const pending = thread === null ? process.pending : pendingFor(process, thread);
  if (expired.isPending && (pending & signalBit(expired.signal)) !== 0) {
    expired.overrun(count);
    return;
  }
  expired.isPending = true;
  expired.overruns = 0;
  expired.overrun(count - 1);
  note.signal = expired.signal;
  note.code = SI_TIMER;
  note.pid = expired.id;
  note.user = 0;
  note.value = expired.value;
  if (thread === null) sendNote(process, note);
  else sendThreadNote(thread, note);
}
