// The timers that a process has made with timer_create(2): what they are, and what they count.
//
//   process.timers -> timer -> timer -> null
//
// A timer's signal is pending once at most. What expires while it is counts as overruns, which the
// program is told of when it takes the signal. timer-signal.ts sends the signals.

import { allocate, free } from "../memory/heap";
import { Countdown } from "../thread/countdown";
import { IntervalTimer } from "../thread/interval-timer";
import { processorTime } from "../thread/schedule";
import { Thread } from "../thread/thread";
import { clearTimer } from "../thread/timer";
import { readUptime } from "../thread/uptime";
import { Process } from "./process";
import { SignalNote } from "./signal-note";
import { processTime } from "./thread-group";

/** As many as a process may have. */
const MOST_TIMERS: u32 = 1024;
/** DELAYTIMER_MAX */
const MOST_OVERRUNS: u64 = <u64>i32.MAX_VALUE;

@unmanaged
export class ProgramTimer extends IntervalTimer {
  nextTimer: ProgramTimer | null = null;
  id: u32 = 0;
  /** The clock that the program named: what absolute times are of. */
  clock: u32 = 0;
  /** Whether it counts processor time: of that thread, or of all of the process's (null). */
  isOfProcessor: bool = false;
  thread: Thread | null = null;
  /** What it sends, with what value; 0: nothing. And to which thread; 0: to the process. */
  signal: u32 = 0;
  target: u32 = 0;
  value: u32 = 0;
  /** Whether its signal was sent and not taken yet, and what expired since. */
  isPending: bool = false;
  overruns: u64 = 0;
  /** The overruns of the signal that was taken last. */
  lastOverruns: u32 = 0;

  /** The time that it counts. */
  get now(): u64 {
    if (!this.isOfProcessor) return readUptime();
    const thread = this.thread;
    return thread === null ? processTime(changetype<Process>(this.owner)) : processorTime(thread);
  }

  /** For a timer of processor time: when it expires. Those are looked at by processor-timers.ts. */
  private get countdown(): Countdown {
    const offset = offsetof<IntervalTimer>("expiry");
    return changetype<Countdown>(changetype<usize>(this) + offset);
  }

  /** Expires at `expiry`, which is an uptime or, for a timer of processor time, one of those. */
  begin(expiry: u64, interval: u64): void {
    this.end();
    this.expiry = expiry;
    this.interval = interval;
    if (!this.isOfProcessor) this.start(expiry, interval);
  }

  /** It does not expire any more, and has no overruns. */
  end(): void {
    clearTimer(this);
    this.expiry = 0;
    this.interval = 0;
    this.overruns = 0;
    this.lastOverruns = 0;
  }

  /** How often it has expired since it was asked last. */
  pass(): u64 {
    return this.isOfProcessor ? this.countdown.pass(this.now) : this.expire();
  }

  /** Nanoseconds until it expires next; 0: it does not. */
  remains(): u64 {
    return this.isOfProcessor ? this.countdown.left(this.now) : this.left();
  }

  /** Its signal is not sent again: so many times more it has expired. */
  overrun(count: u64): void {
    this.overruns = min<u64>(this.overruns + count, MOST_OVERRUNS);
  }
}

/** A timer of the process that is not set, or null when it has too many or out of memory. */
export function createProgramTimer(process: Process): ProgramTimer | null {
  let count: u32 = 0;
  let id: u32 = 0;
  let last: ProgramTimer | null = null;
  let timer = firstTimer(process);
  while (timer !== null) {
    // They are in the order of their numbers: the first gap is for this one.
    if (timer.id === id) {
      id++;
      last = timer;
    }
    count++;
    timer = timer.nextTimer;
  }
  if (count >= MOST_TIMERS) return null;
  const made = changetype<ProgramTimer | null>(allocate(offsetof<ProgramTimer>()));
  if (made === null) return null;
  made.owner = changetype<usize>(process);
  made.id = id;
  if (last === null) {
    made.nextTimer = firstTimer(process);
    process.timers = changetype<usize>(made);
  } else {
    made.nextTimer = last.nextTimer;
    last.nextTimer = made;
  }
  return made;
}

/** The timer of that number, or null. */
export function findProgramTimer(process: Process, id: u32): ProgramTimer | null {
  let timer = firstTimer(process);
  while (timer !== null && timer.id !== id) timer = timer.nextTimer;
  return timer;
}

/** Stops a timer and frees it. */
export function deleteProgramTimer(process: Process, timer: ProgramTimer): void {
  timer.end();
  let before = firstTimer(process)!;
  if (before === timer) process.timers = changetype<usize>(timer.nextTimer);
  else {
    while (before.nextTimer !== timer) before = before.nextTimer!;
    before.nextTimer = timer.nextTimer;
  }
  free(changetype<usize>(timer));
}

/** The process ends, or becomes another program: its timers go. */
export function deleteProgramTimers(process: Process): void {
  for (let timer = firstTimer(process); timer !== null; timer = firstTimer(process)) {
    deleteProgramTimer(process, timer);
  }
}

/** A thread ends: nothing counts its processor time any more. */
export function forgetTimedThread(process: Process, thread: Thread): void {
  let timer = firstTimer(process);
  while (timer !== null) {
    if (timer.thread === thread) {
      timer.end();
      timer.thread = null;
    }
    timer = timer.nextTimer;
  }
}

/** The program takes the signal of a timer: it is told how often that has expired since. */
export function settleTimer(process: Process, note: SignalNote): void {
  const timer = findProgramTimer(process, note.pid);
  if (timer === null) return;
  timer.isPending = false;
  timer.lastOverruns = <u32>timer.overruns;
  timer.overruns = 0;
  note.user = timer.lastOverruns;
}

/** The first timer of the process, or null. */
export function firstTimer(process: Process): ProgramTimer | null {
  return changetype<ProgramTimer | null>(process.timers);
}

if (offsetof<IntervalTimer>("interval") !== offsetof<IntervalTimer>("expiry") + 8)
  ERROR("both timers have interval and expiry alike");
