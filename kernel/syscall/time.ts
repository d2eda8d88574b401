// System calls about time. The clock's resolution is the timer's tick.

import { EINTR, EINVAL } from "../../src/abi/errno";
import { bootTime } from "../device/clock";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
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
const TIMEZONE_SIZE: u32 = 8;

/** A struct timespec or timeval: two words. */
const pair: usize = memory.data(8, 4);

/** nanosleep(request, remaining): at least that long, rounded up to ticks. */
export function nanosleep(frame: TrapFrame): i32 {
  const result = copyIn(userPointer(frame.arg0), pair, 8);
  if (result !== 0) return result;
  const seconds = load<u32>(pair);
  const nanoseconds = load<u32>(pair, 4);
  if (<i32>seconds < 0 || nanoseconds >= NANOSECONDS_PER_SECOND) return -EINVAL;
  if (seconds === 0 && nanoseconds === 0) return 0;
  const ticks =
    <u64>seconds * TICKS_PER_SECOND +
    (nanoseconds + NANOSECONDS_PER_TICK - 1) / NANOSECONDS_PER_TICK;
  // The tick that is going on has begun already: it does not count.
  const deadline = currentTick() + ticks + 1;
  if (sleepUntil(deadline) === 0) return 0;
  return sendRemaining(userPointer(frame.arg1), deadline);
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
  const to = userPointer(frame.arg1);
  switch (frame.arg0) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
      return sendPair(to, bootTime() + uptimeSeconds(), uptimeNanoseconds());
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
      return sendPair(to, uptimeSeconds(), uptimeNanoseconds());
    case CLOCK_PROCESS_CPUTIME: // a process has one thread
    case CLOCK_THREAD_CPUTIME:
      return sendTicks(to, currentThread.ticks);
    default:
      return -EINVAL;
  }
}

function sendRemaining(to: UserPointer, deadline: u64): i32 {
  if (userAddress(to) === 0) return -EINTR;
  const now = currentTick();
  const left = deadline > now ? deadline - now : 0;
  const result = sendTicks(to, left);
  return result !== 0 ? result : -EINTR;
}

function sendTicks(to: UserPointer, ticks: u64): i32 {
  const nanoseconds = <u32>(ticks % TICKS_PER_SECOND) * NANOSECONDS_PER_TICK;
  return sendPair(to, <u32>(ticks / TICKS_PER_SECOND), nanoseconds);
}

function sendPair(to: UserPointer, first: u32, second: u32): i32 {
  store<u32>(pair, first);
  store<u32>(pair, second, 4);
  return copyOut(to, pair, 8);
}
