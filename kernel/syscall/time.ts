// System calls about time. The clock's resolution is the timer's tick.

import { EFAULT, EINTR, EINVAL } from "../../src/abi/errno";
import { bootTime } from "../device/clock";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { setAlarm } from "../process/alarm";
import { currentProcess } from "../process/process";
import { sleepUntil } from "../thread/schedule";
import { currentThread } from "../thread/thread";
import {
  currentTick,
  NANOSECONDS_PER_TICK,
  TICKS_PER_SECOND,
  uptimeNanoseconds,
  uptimeSeconds,
} from "../thread/ticks";

// The clocks of clock_gettime(2). Time is not slewed and the machine never sleeps, so several are
// the same here.
const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;
const CLOCK_PROCESS_CPUTIME: u32 = 2;
const CLOCK_THREAD_CPUTIME: u32 = 3;
const CLOCK_MONOTONIC_RAW: u32 = 4;
const CLOCK_REALTIME_COARSE: u32 = 5;
const CLOCK_MONOTONIC_COARSE: u32 = 6;
const CLOCK_BOOTTIME: u32 = 7;
const CLOCK_TAI: u32 = 11;
const NANOSECONDS_PER_SECOND: u32 = 1000000000;
const NANOSECONDS_PER_MICROSECOND: u32 = 1000;
const MICROSECONDS_PER_SECOND: u32 = 1000000;
const ITIMER_REAL: u32 = 0;
const TIMER_ABSTIME: u32 = 1;
const TIMEZONE_SIZE: u32 = 8;

/** A struct timespec or timeval: two words. */
const pair: usize = memory.data(8, 4);
/** One of 64-bit seconds, or two of the short ones. */
const long: usize = memory.data(16, 8);

/** nanosleep(request, remaining): at least that long, rounded up to ticks. */
export function nanosleep(frame: TrapFrame): i32 {
  return sleep(userPointer(frame.arg0), userPointer(frame.arg1), false, false);
}

/** clock_nanosleep(clock, flags, request, remaining) */
export function clockNanosleep(frame: TrapFrame): i32 {
  return sleepByClock(frame, false);
}

/** clock_nanosleep_time64(clock, flags, request, remaining): with 64-bit seconds. */
export function clockNanosleep64(frame: TrapFrame): i32 {
  return sleepByClock(frame, true);
}

function sleepByClock(frame: TrapFrame, isLong: bool): i32 {
  const clock = frame.arg0;
  if (clock > CLOCK_MONOTONIC && clock !== CLOCK_BOOTTIME && clock !== CLOCK_TAI) return -EINVAL;
  const isAbsolute = (frame.arg1 & TIMER_ABSTIME) !== 0;
  const request = userPointer(frame.arg2);
  if (!isAbsolute) return sleep(request, userPointer(frame.arg3), isLong, false);
  return sleep(
    request,
    userPointer(0),
    isLong,
    clock === CLOCK_REALTIME || clock === CLOCK_TAI,
    true,
  );
}

/** For a time, or up to one: of the clock that counts from 1970 (`isReal`) or from the boot. */
function sleep(
  request: UserPointer,
  remaining: UserPointer,
  isLong: bool,
  isReal: bool,
  isAbsolute: bool = false,
): i32 {
  const result = readTime(request, isLong);
  if (result !== 0) return result;
  let seconds = load<u32>(pair);
  const nanoseconds = load<u32>(pair, 4);
  if (<i32>seconds < 0 || nanoseconds >= NANOSECONDS_PER_SECOND) return -EINVAL;
  if (seconds === 0 && nanoseconds === 0) return 0;
  if (isReal) seconds = seconds > bootTime() ? seconds - bootTime() : 0;
  const ticks =
    <u64>seconds * TICKS_PER_SECOND +
    (nanoseconds + NANOSECONDS_PER_TICK - 1) / NANOSECONDS_PER_TICK;
  if (isAbsolute) {
    if (ticks <= currentTick()) return 0;
    return sleepUntil(ticks);
  }
  // The tick that is going on has begun already: it does not count.
  const deadline = currentTick() + ticks + 1;
  if (sleepUntil(deadline) === 0) return 0;
  return sendRemaining(remaining, deadline, isLong);
}

/** A timespec of the user's into `pair`; seconds of more than 31 bits become the most that fit. */
function readTime(from: UserPointer, isLong: bool): i32 {
  if (!isLong) return copyIn(from, pair, 8);
  const result = copyIn(from, long, 16);
  if (result !== 0) return result;
  const seconds = load<i64>(long);
  store<u32>(pair, <u32>(seconds > <i64>i32.MAX_VALUE ? <i64>i32.MAX_VALUE : seconds));
  store<u32>(pair, load<u32>(long, 8), 4);
  return 0;
}

/** alarm(seconds): the seconds that were left of the one before, rounded up. */
export function alarm(frame: TrapFrame): i32 {
  const process = currentProcess();
  const left = ticksLeft(process.alarm);
  const seconds = frame.arg0;
  const ticks = <u64>min<u32>(seconds, <u32>i32.MAX_VALUE) * TICKS_PER_SECOND;
  setAlarm(process, seconds === 0 ? 0 : currentTick() + ticks, 0);
  return <i32>((left + TICKS_PER_SECOND - 1) / TICKS_PER_SECOND);
}

/** setitimer(which, new, old): ITIMER_REAL. */
export function setitimer(frame: TrapFrame): i32 {
  if (frame.arg0 !== ITIMER_REAL) return -EINVAL;
  const process = currentProcess();
  const left = ticksLeft(process.alarm);
  const interval = process.alarmInterval;
  const made = userPointer(frame.arg1);
  if (userAddress(made) === 0) setAlarm(process, 0, 0);
  else {
    if (copyIn(made, long, 16) !== 0) return -EFAULT;
    const again = ticksOf(long);
    const first = ticksOf(long + 8);
    if (again < 0 || first < 0) return -EINVAL;
    setAlarm(process, first === 0 ? 0 : currentTick() + <u64>first, <u64>again);
  }
  return sendTimer(userPointer(frame.arg2), left, interval);
}

/** getitimer(which, to) */
export function getitimer(frame: TrapFrame): i32 {
  if (frame.arg0 !== ITIMER_REAL) return -EINVAL;
  const process = currentProcess();
  const to = userPointer(frame.arg1);
  if (userAddress(to) === 0) return -EFAULT;
  return sendTimer(to, ticksLeft(process.alarm), process.alarmInterval);
}

function ticksLeft(deadline: u64): u64 {
  if (deadline === 0) return 0;
  // What is due at this very tick has a moment left.
  return deadline > currentTick() ? deadline - currentTick() : 1;
}

/** The ticks of a timeval, rounded up; -1 if it is wrong. */
function ticksOf(time: usize): i64 {
  const seconds = load<i32>(time);
  const microseconds = load<u32>(time, 4);
  if (seconds < 0 || microseconds >= MICROSECONDS_PER_SECOND) return -1;
  const perTick: u32 = NANOSECONDS_PER_TICK / NANOSECONDS_PER_MICROSECOND;
  return <i64>seconds * TICKS_PER_SECOND + (microseconds + perTick - 1) / perTick;
}

/** A struct itimerval: interval and what is left. */
function sendTimer(to: UserPointer, left: u64, interval: u64): i32 {
  if (userAddress(to) === 0) return 0;
  putTicks(long, interval);
  putTicks(long + 8, left);
  return copyOut(to, long, 16);
}

function putTicks(to: usize, ticks: u64): void {
  const perTick: u32 = NANOSECONDS_PER_TICK / NANOSECONDS_PER_MICROSECOND;
  store<u32>(to, <u32>(ticks / TICKS_PER_SECOND));
  store<u32>(to, <u32>(ticks % TICKS_PER_SECOND) * perTick, 4);
}

/** time(to): seconds since 1970. */
export function time(frame: TrapFrame): i32 {
  const now = bootTime() + uptimeSeconds();
  const to = userPointer(frame.arg0);
  if (userAddress(to) === 0) return <i32>now;
  store<u32>(pair, now);
  const result = copyOut(to, pair, 4);
  return result !== 0 ? result : <i32>now;
}

/** gettimeofday(to, timezone) */
export function gettimeofday(frame: TrapFrame): i32 {
  const to = userPointer(frame.arg0);
  const zone = userPointer(frame.arg1);
  if (userAddress(to) !== 0) {
    const seconds = bootTime() + uptimeSeconds();
    const result = sendPair(to, seconds, uptimeNanoseconds() / NANOSECONDS_PER_MICROSECOND);
    if (result !== 0) return result;
  }
  if (userAddress(zone) === 0) return 0;
  memory.fill(pair, 0, TIMEZONE_SIZE);
  return copyOut(zone, pair, TIMEZONE_SIZE);
}

/** clock_gettime(clock, to) */
export function clockGettime(frame: TrapFrame): i32 {
  if (!readClock(frame.arg0)) return -EINVAL;
  return sendPair(userPointer(frame.arg1), clockSeconds, clockNanoseconds);
}

/** clock_gettime64(clock, to): with 64-bit seconds. */
export function clockGettime64(frame: TrapFrame): i32 {
  if (!readClock(frame.arg0)) return -EINVAL;
  return sendTime(userPointer(frame.arg1), clockSeconds, clockNanoseconds, true);
}

/** clock_getres(clock, to) */
export function clockGetres(frame: TrapFrame): i32 {
  return sendResolution(frame, false);
}

/** clock_getres_time64(clock, to) */
export function clockGetres64(frame: TrapFrame): i32 {
  return sendResolution(frame, true);
}

function sendResolution(frame: TrapFrame, isLong: bool): i32 {
  if (!readClock(frame.arg0)) return -EINVAL;
  const to = userPointer(frame.arg1);
  return userAddress(to) === 0 ? 0 : sendTime(to, 0, NANOSECONDS_PER_TICK, isLong);
}

let clockSeconds: u32 = 0;
let clockNanoseconds: u32 = 0;

/** Reads a clock into these two; false: there is no such clock. */
function readClock(clock: u32): bool {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
      clockSeconds = bootTime() + uptimeSeconds();
      clockNanoseconds = uptimeNanoseconds();
      return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
      clockSeconds = uptimeSeconds();
      clockNanoseconds = uptimeNanoseconds();
      return true;
    case CLOCK_PROCESS_CPUTIME: // a process has one thread
    case CLOCK_THREAD_CPUTIME:
      clockSeconds = <u32>(currentThread.ticks / TICKS_PER_SECOND);
      clockNanoseconds = <u32>(currentThread.ticks % TICKS_PER_SECOND) * NANOSECONDS_PER_TICK;
      return true;
    default:
      return false;
  }
}

function sendRemaining(to: UserPointer, deadline: u64, isLong: bool): i32 {
  if (userAddress(to) === 0) return -EINTR;
  const now = currentTick();
  const left = deadline > now ? deadline - now : 0;
  const nanoseconds = <u32>(left % TICKS_PER_SECOND) * NANOSECONDS_PER_TICK;
  const result = sendTime(to, <u32>(left / TICKS_PER_SECOND), nanoseconds, isLong);
  return result !== 0 ? result : -EINTR;
}

function sendTime(to: UserPointer, seconds: u32, nanoseconds: u32, isLong: bool): i32 {
  if (!isLong) return sendPair(to, seconds, nanoseconds);
  store<u64>(long, seconds);
  store<u64>(long, nanoseconds, 8);
  return copyOut(to, long, 16);
}

function sendPair(to: UserPointer, first: u32, second: u32): i32 {
  store<u32>(pair, first);
  store<u32>(pair, second, 4);
  return copyOut(to, pair, 8);
}
