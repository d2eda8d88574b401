// The clocks of clock_gettime(2): which there are, and what they say.
//
// Time is not slewed and the machine never sleeps, so several are the same here. A clock of
// processor time belongs to a process or thread, whose id is in the clock's number:
//
//   |31          3|   2    |1  0|
//   |     ~ id    | thread |  2 |      id 0: the caller

import { exactBootTime, readRealTime, realNanoseconds, realSeconds } from "../device/clock";
import { currentProcess, findProcess, Process } from "../process/process";
import { processTime, threadOf } from "../process/thread-group";
import { processorTime } from "../thread/schedule";
import { currentThread, Thread } from "../thread/thread";
import { NANOSECONDS_PER_SECOND, uptimeNanoseconds, uptimeSeconds } from "../thread/uptime";

export const CLOCK_REALTIME: u32 = 0;
export const CLOCK_MONOTONIC: u32 = 1;
const CLOCK_PROCESS_CPUTIME: u32 = 2;
const CLOCK_THREAD_CPUTIME: u32 = 3;
const CLOCK_MONOTONIC_RAW: u32 = 4;
const CLOCK_REALTIME_COARSE: u32 = 5;
const CLOCK_MONOTONIC_COARSE: u32 = 6;
const CLOCK_BOOTTIME: u32 = 7;
const CLOCK_REALTIME_ALARM: u32 = 8;
const CLOCK_BOOTTIME_ALARM: u32 = 9;
export const CLOCK_TAI: u32 = 11;

const ID_SHIFT: u32 = 3;
const KIND_MASK: u32 = 3;
const KIND_PROCESSOR_TIME: u32 = 2;
const OF_THREAD: u32 = 4;
/** What the coarse clocks say of themselves. */
const COARSE_RESOLUTION: u32 = 1000000;

/** What a clock counts. */
export enum ClockBase {
  /** There is no such clock. */
  none,
  uptime,
  real,
  processTime,
  threadTime,
}

/** The last clock that was read. */
export let clockSeconds: u32 = 0;
export let clockNanoseconds: u32 = 0;

export function clockBase(clock: u32): ClockBase {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      return ClockBase.real;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return ClockBase.uptime;
    case CLOCK_PROCESS_CPUTIME:
      return ClockBase.processTime;
    case CLOCK_THREAD_CPUTIME:
      return ClockBase.threadTime;
    default:
      if (clockProcess(clock) !== null) return ClockBase.processTime;
      return clockThread(clock) !== null ? ClockBase.threadTime : ClockBase.none;
  }
}

/** Whether one can wait for a time of that clock. */
export function canWaitFor(clock: u32): bool {
  return (
    clock === CLOCK_REALTIME ||
    clock === CLOCK_MONOTONIC ||
    clock === CLOCK_BOOTTIME ||
    clock === CLOCK_REALTIME_ALARM ||
    clock === CLOCK_BOOTTIME_ALARM ||
    clock === CLOCK_TAI
  );
}

/** Reads a clock into clockSeconds and clockNanoseconds; false: there is no such clock. */
export function readClock(clock: u32): bool {
  const base = clockBase(clock);
  if (base === ClockBase.none) return false;
  if (base === ClockBase.processTime || base === ClockBase.threadTime) {
    const time =
      base === ClockBase.processTime
        ? processTime(clockProcess(clock)!)
        : processorTime(clockThread(clock)!);
    clockSeconds = <u32>(time / NANOSECONDS_PER_SECOND);
    clockNanoseconds = <u32>(time % NANOSECONDS_PER_SECOND);
    return true;
  }
  readRealTime();
  const isReal = base === ClockBase.real;
  clockSeconds = isReal ? realSeconds : uptimeSeconds;
  clockNanoseconds = isReal ? realNanoseconds : uptimeNanoseconds;
  return true;
}

/** The nanoseconds in which a clock moves on. */
export function clockResolution(clock: u32): u32 {
  const isCoarse = clock === CLOCK_REALTIME_COARSE || clock === CLOCK_MONOTONIC_COARSE;
  return isCoarse ? COARSE_RESOLUTION : 1;
}

/** The uptime at which a clock one can wait for says `time`. */
export function uptimeOf(clock: u32, time: u64): u64 {
  if (clockBase(clock) !== ClockBase.real) return time;
  const before = exactBootTime();
  return time > before ? time - before : 0;
}

/** The process whose processor time a clock counts, or null. */
export function clockProcess(clock: u32): Process | null {
  if (clock === CLOCK_PROCESS_CPUTIME) return currentProcess();
  if (!isNumbered(clock) || (clock & OF_THREAD) !== 0) return null;
  const id = idOf(clock);
  return id === 0 ? currentProcess() : findProcess(id);
}

/** The thread of the caller's process whose processor time a clock counts, or null. */
export function clockThread(clock: u32): Thread | null {
  if (clock === CLOCK_THREAD_CPUTIME) return currentThread;
  if (!isNumbered(clock) || (clock & OF_THREAD) === 0) return null;
  const id = idOf(clock);
  return id === 0 ? currentThread : threadOf(currentProcess(), id);
}

/** Whether the clock is that of a process or thread which is named in its number. */
function isNumbered(clock: u32): bool {
  return <i32>clock < 0 && (clock & KIND_MASK) === KIND_PROCESSOR_TIME;
}

function idOf(clock: u32): u32 {
  return <u32>~(<i32>clock >> ID_SHIFT);
}
