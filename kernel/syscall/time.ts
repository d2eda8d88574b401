// System calls about time: reading clocks, sleeping, alarms.

import { EFAULT, EINVAL, EOPNOTSUPP, ERESTARTNOHAND } from "../../src/abi/errno";
import { readRealTime, realNanoseconds, realSeconds } from "../device/clock";
import { TrapFrame } from "../machine/i686/trap-frame";
import {
  copyIn,
  copyOut,
  UserPointer,
  userAddress,
  userPointer,
  writePair,
} from "../memory/user-memory";
import { setAlarm } from "../process/alarm";
import { currentProcess } from "../process/process";
import { countedTime, processorCountdown } from "../process/processor-timers";
import { sleepUntil } from "../thread/schedule";
import {
  NANOSECONDS_PER_SECOND,
  readUptime,
  updateUptime,
  uptimeNanoseconds,
  uptimeSeconds,
} from "../thread/uptime";
import {
  CLOCK_MONOTONIC,
  ClockBase,
  canWaitFor,
  clockBase,
  clockNanoseconds,
  clockResolution,
  clockSeconds,
  readClock,
  uptimeOf,
} from "./clock";
import { TIMEZONE_SIZE, timeZone } from "./set-clock";
import {
  deadlineIn,
  NANOSECONDS_PER_MICROSECOND,
  putTime,
  readTime,
  sendParts,
  sendTime,
  TimeForm,
  takenTime,
  takeTime,
} from "./time-value";
import { interruptedWait, waitDeadlineIn } from "./wait-time";

const ITIMER_REAL: u32 = 0;
const ITIMER_PROF: u32 = 2;
const TIMER_ABSTIME: u32 = 1;
/** A struct itimerval: the interval, and what is left. */
const ITIMER_SIZE: u32 = 16;

const words: usize = memory.data(ITIMER_SIZE, 8);

/** nanosleep(request, remaining): at least that long. */
export function nanosleep(frame: TrapFrame): i32 {
  const result = takeTime(userPointer(frame.arg0), TimeForm.timespec);
  return result !== 0 ? result : sleep(userPointer(frame.arg1), TimeForm.timespec);
}

/** clock_nanosleep(clock, flags, request, remaining) */
export function clockNanosleep(frame: TrapFrame): i32 {
  return sleepByClock(frame, TimeForm.timespec);
}

/** clock_nanosleep_time64(clock, flags, request, remaining): with 64-bit seconds. */
export function clockNanosleep64(frame: TrapFrame): i32 {
  return sleepByClock(frame, TimeForm.timespec64);
}

function sleepByClock(frame: TrapFrame, form: TimeForm): i32 {
  const clock = frame.arg0;
  if (clockBase(clock) === ClockBase.none) return -EINVAL;
  if (!canWaitFor(clock)) return -EOPNOTSUPP;
  const result = takeTime(userPointer(frame.arg2), form);
  if (result !== 0) return result;
  if ((frame.arg1 & TIMER_ABSTIME) === 0) return sleep(userPointer(frame.arg3), form);
  const deadline = uptimeOf(clock, takenTime);
  if (deadline <= readUptime()) return 0;
  return sleepUntil(deadline) === 0 ? 0 : -ERESTARTNOHAND;
}

/** For as long as was taken last; sends what a signal left of it. */
function sleep(remaining: UserPointer, form: TimeForm): i32 {
  const deadline = waitDeadlineIn(takenTime);
  if (takenTime === 0 || sleepUntil(deadline) === 0) return 0;
  if (userAddress(remaining) !== 0) {
    const now = readUptime();
    const result = sendTime(remaining, deadline > now ? deadline - now : 0, form);
    if (result !== 0) return result;
  }
  return interruptedWait(deadline);
}

/** alarm(seconds): the seconds that were left of the one before, at least 1 if there was one. */
export function alarm(frame: TrapFrame): i32 {
  const process = currentProcess();
  const left = process.alarm.left();
  const seconds = <u64>min<u32>(frame.arg0, i32.MAX_VALUE);
  if (seconds === 0) process.alarm.stop();
  else setAlarm(process, deadlineIn(seconds * NANOSECONDS_PER_SECOND), 0);
  const rounded = (left + NANOSECONDS_PER_SECOND / 2) / NANOSECONDS_PER_SECOND;
  return left !== 0 && rounded === 0 ? 1 : <i32>rounded;
}

/** setitimer(which, new, old) */
export function setitimer(frame: TrapFrame): i32 {
  const which = frame.arg0;
  const made = userPointer(frame.arg1);
  let first: u64 = 0;
  let again: u64 = 0;
  if (userAddress(made) !== 0) {
    if (copyIn(made, words, ITIMER_SIZE) !== 0) return -EFAULT;
    if (readTime(words, TimeForm.timeval) !== 0) return -EINVAL;
    again = takenTime;
    if (readTime(words + 8, TimeForm.timeval) !== 0) return -EINVAL;
    first = takenTime;
  }
  if (which > ITIMER_PROF) return -EINVAL;
  putTimer(which);
  if (which === ITIMER_REAL) {
    if (first === 0) currentProcess().alarm.stop();
    else setAlarm(currentProcess(), deadlineIn(first), again);
  } else setCountdown(which, first, again);
  const old = userPointer(frame.arg2);
  return userAddress(old) === 0 ? 0 : copyOut(old, words, ITIMER_SIZE);
}

/** getitimer(which, to) */
export function getitimer(frame: TrapFrame): i32 {
  if (frame.arg0 > ITIMER_PROF) return -EINVAL;
  putTimer(frame.arg0);
  return copyOut(userPointer(frame.arg1), words, ITIMER_SIZE);
}

/** A timer of processor time expires in so many nanoseconds of it, and again; 0: not at all. */
function setCountdown(which: u32, first: u64, again: u64): void {
  const process = currentProcess();
  const isProfiling = which === ITIMER_PROF;
  const timer = processorCountdown(process, isProfiling);
  timer.expiry = first === 0 ? 0 : countedTime(process, isProfiling) + first;
  timer.interval = again;
}

/** Writes what is left of a timer of the process, and its interval, to `words`. */
function putTimer(which: u32): void {
  const process = currentProcess();
  let interval = process.alarm.interval;
  let left: u64 = 0;
  if (which === ITIMER_REAL) left = process.alarm.left();
  else {
    const isProfiling = which === ITIMER_PROF;
    const timer = processorCountdown(process, isProfiling);
    interval = timer.interval;
    left = timer.left(countedTime(process, isProfiling));
  }
  putTime(words, interval, TimeForm.timeval);
  putTime(words + 8, left, TimeForm.timeval);
}

/** time(to): seconds since 1970. */
export function time(frame: TrapFrame): i32 {
  readRealTime();
  const now = realSeconds;
  const to = userPointer(frame.arg0);
  if (userAddress(to) === 0) return <i32>now;
  store<u32>(words, now);
  const result = copyOut(to, words, 4);
  return result !== 0 ? result : <i32>now;
}

/** gettimeofday(to, timezone) */
export function gettimeofday(frame: TrapFrame): i32 {
  const to = userPointer(frame.arg0);
  const zone = userPointer(frame.arg1);
  if (userAddress(to) !== 0) {
    readRealTime();
    const result = writePair(to, realSeconds, realNanoseconds / NANOSECONDS_PER_MICROSECOND);
    if (result !== 0) return result;
  }
  if (userAddress(zone) === 0) return 0;
  return copyOut(zone, timeZone, TIMEZONE_SIZE);
}

/** clock_gettime(clock, to) */
export function clockGettime(frame: TrapFrame): i32 {
  return sendClock(frame, TimeForm.timespec);
}

/** clock_gettime64(clock, to): with 64-bit seconds. */
export function clockGettime64(frame: TrapFrame): i32 {
  return sendClock(frame, TimeForm.timespec64);
}

function sendClock(frame: TrapFrame, form: TimeForm): i32 {
  const to = userPointer(frame.arg1);
  if (frame.arg0 === CLOCK_MONOTONIC) {
    // The clock that programs measure with.
    updateUptime();
    return sendParts(to, uptimeSeconds, uptimeNanoseconds, form);
  }
  if (!readClock(frame.arg0)) return -EINVAL;
  return sendParts(to, clockSeconds, clockNanoseconds, form);
}

/** clock_getres(clock, to) */
export function clockGetres(frame: TrapFrame): i32 {
  return sendResolution(frame, TimeForm.timespec);
}

/** clock_getres_time64(clock, to) */
export function clockGetres64(frame: TrapFrame): i32 {
  return sendResolution(frame, TimeForm.timespec64);
}

function sendResolution(frame: TrapFrame, form: TimeForm): i32 {
  if (clockBase(frame.arg0) === ClockBase.none) return -EINVAL;
  const to = userPointer(frame.arg1);
  return userAddress(to) === 0 ? 0 : sendParts(to, 0, clockResolution(frame.arg0), form);
}
