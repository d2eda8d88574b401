// System calls about time. The clock's resolution is the timer's tick.

import { EINTR, EINVAL } from "../../src/abi/errno";
import { bootTime } from "../device/clock";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { sleepUntil } from "../thread/schedule";
import {
  currentTick,
  NANOSECONDS_PER_TICK,
  TICKS_PER_SECOND,
  uptimeNanoseconds,
  uptimeSeconds,
} from "../thread/ticks";

const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;
const CLOCK_BOOTTIME: u32 = 7;
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
  const clock = frame.arg0;
  const to = userPointer(frame.arg1);
  if (clock === CLOCK_REALTIME) {
    return sendPair(to, bootTime() + uptimeSeconds(), uptimeNanoseconds());
  }
  if (clock !== CLOCK_MONOTONIC && clock !== CLOCK_BOOTTIME) return -EINVAL;
  return sendPair(to, uptimeSeconds(), uptimeNanoseconds());
}

function sendRemaining(to: UserPointer, deadline: u64): i32 {
  if (userAddress(to) === 0) return -EINTR;
  const now = currentTick();
  const left = deadline > now ? deadline - now : 0;
  const nanoseconds = <u32>(left % TICKS_PER_SECOND) * NANOSECONDS_PER_TICK;
  const result = sendPair(to, <u32>(left / TICKS_PER_SECOND), nanoseconds);
  return result !== 0 ? result : -EINTR;
}

function sendPair(to: UserPointer, first: u32, second: u32): i32 {
  store<u32>(pair, first);
  store<u32>(pair, second, 4);
  return copyOut(to, pair, 8);
}
