// System calls that set the clock, or ask what disciplines it: nothing does.
//
// Setting it changes what time it is, for files as well, and nothing else: who waits for a time of
// day already does so until the moment that this meant when the wait began.
//
//   struct timex of i386, 128 bytes   0 modes       4 offset      8 frequency   12 maximum error
//                                    16 error      20 status     24 constant    28 precision
//                                    32 tolerance  36 time, a timeval           44 tick
//   with 64-bit times, 208 bytes: the words from `offset` on have eight bytes each

import { EFAULT, EINVAL, EOPNOTSUPP, EPERM } from "../../src/abi/errno";
import { CAP_SYS_TIME } from "../../src/abi/linux/capability";
import {
  exactBootTime,
  readRealTime,
  realNanoseconds,
  realSeconds,
  setRealTime,
} from "../device/clock";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, userAddress, userPointer } from "../memory/user-memory";
import { currentCredentials } from "../thread/credentials";
import { NANOSECONDS_PER_SECOND, readUptime } from "../thread/uptime";
import { CLOCK_REALTIME, ClockBase, clockBase } from "./clock";
import { TimeForm, takenTime, takeTime } from "./time-value";

export const TIMEZONE_SIZE: u32 = 8;
/** What settimeofday(2) has said: minutes west of Greenwich, at most so many; and a word. */
export const timeZone: usize = memory.data(TIMEZONE_SIZE, 4);
const LARGEST_ZONE: i32 = 15 * 60;

const ADJ_SETOFFSET: u32 = 0x0100;
const ADJ_NANO: u32 = 0x2000;
const TIME_ERROR: i32 = 5;
const TIMEX_SIZE: u32 = 128;
const TIMEX64_SIZE: u32 = 208;
const TIMEX_TIME: u32 = 9;
const WORDS: u32 = 12;
/** What its words say of a clock that nothing corrects: STA_UNSYNC, errors unknown. */
const uncorrected: usize = memory.data<u32>([
  0, 0, 0, 16000000, 16000000, 0x40, 2, 1, 0x1f40000, 0, 0, 10000,
]);

const zone: usize = memory.data(TIMEZONE_SIZE, 4);
const timex: usize = memory.data(TIMEX64_SIZE, 8);

/** stime(from): seconds since 1970. */
export function stime(frame: TrapFrame): i32 {
  if (copyIn(userPointer(frame.arg0), zone, 4) !== 0) return -EFAULT;
  return setTo(<u64>load<u32>(zone) * NANOSECONDS_PER_SECOND);
}

/** settimeofday(from, timezone): either may be 0. */
export function settimeofday(frame: TrapFrame): i32 {
  const from = userPointer(frame.arg0);
  const zoneAt = userPointer(frame.arg1);
  const isTime = userAddress(from) !== 0;
  const isZone = userAddress(zoneAt) !== 0;
  if (isTime) {
    const result = takeTime(from, TimeForm.timeval);
    if (result !== 0) return result;
  }
  if (isZone && copyIn(zoneAt, zone, TIMEZONE_SIZE) !== 0) return -EFAULT;
  if (!maySet()) return -EPERM;
  if (isZone) {
    const west = load<i32>(zone);
    if (west > LARGEST_ZONE || west < -LARGEST_ZONE) return -EINVAL;
    store<u64>(timeZone, load<u64>(zone));
  }
  return isTime ? setTo(takenTime) : 0;
}

/** clock_settime(clock, from): CLOCK_REALTIME alone. */
export function clockSettime(frame: TrapFrame): i32 {
  return setClock(frame, TimeForm.timespec);
}

/** clock_settime64(clock, from): with 64-bit seconds. */
export function clockSettime64(frame: TrapFrame): i32 {
  return setClock(frame, TimeForm.timespec64);
}

function setClock(frame: TrapFrame, form: TimeForm): i32 {
  const clock = frame.arg0;
  if (<i32>clock > <i32>CLOCK_REALTIME) return -EINVAL;
  const result = takeTime(userPointer(frame.arg1), form);
  if (result !== 0) return result;
  return clock === CLOCK_REALTIME ? setTo(takenTime) : clockRefusal(clock, EPERM);
}

/** What another clock than CLOCK_REALTIME gives; `error` if there is such a one. */
function clockRefusal(clock: u32, error: i32): i32 {
  return clockBase(clock) === ClockBase.none ? -EINVAL : -error;
}

function maySet(): bool {
  return currentCredentials().has(CAP_SYS_TIME);
}

function setTo(time: u64): i32 {
  if (!maySet()) return -EPERM;
  return setRealTime(time) ? 0 : -EINVAL;
}

/** adjtimex(timex) */
export function adjtimex(frame: TrapFrame): i32 {
  return adjust(CLOCK_REALTIME, frame.arg0, 4);
}

/** clock_adjtime(clock, timex): CLOCK_REALTIME alone. */
export function clockAdjtime(frame: TrapFrame): i32 {
  return adjust(frame.arg0, frame.arg1, 4);
}

/** clock_adjtime64(clock, timex): with 64-bit words. */
export function clockAdjtime64(frame: TrapFrame): i32 {
  return adjust(frame.arg0, frame.arg1, 8);
}

/** Moves the clock by an offset, if that is wanted; no more. `width`: the bytes of a word. */
function adjust(clock: u32, address: u32, width: u32): i32 {
  const at = userPointer(address);
  const size = width === 8 ? TIMEX64_SIZE : TIMEX_SIZE;
  if (copyIn(at, timex, size) !== 0) return -EFAULT;
  if (clock !== CLOCK_REALTIME) return clockRefusal(clock, EOPNOTSUPP);
  const modes = load<u32>(timex);
  if (modes !== 0) {
    if (!maySet()) return -EPERM;
    if ((modes & ~ADJ_NANO) !== ADJ_SETOFFSET) return -EOPNOTSUPP;
    const result = moveBy(modes, width);
    if (result !== 0) return result;
  }
  memory.fill(timex, 0, size);
  for (let i: u32 = 0; i < WORDS; i++) {
    store<u32>(timex + i * width, load<u32>(uncorrected + (i << 2)));
  }
  store<u32>(timex, modes);
  readRealTime();
  const time = timex + TIMEX_TIME * width;
  store<u32>(time, realSeconds);
  store<u32>(time + width, realNanoseconds / 1000);
  return copyOut(at, timex, size) !== 0 ? -EFAULT : TIME_ERROR;
}

function moveBy(modes: u32, width: u32): i32 {
  const time = timex + TIMEX_TIME * width;
  const seconds = load<i32>(time);
  const part = load<u32>(time + width);
  const unit: u32 = (modes & ADJ_NANO) !== 0 ? 1 : 1000;
  if (part >= NANOSECONDS_PER_SECOND / unit) return -EINVAL;
  const offset = <i64>seconds * <i64>NANOSECONDS_PER_SECOND + <i64>(part * unit);
  const moved = <i64>(exactBootTime() + readUptime()) + offset;
  return moved >= 0 && setRealTime(<u64>moved) ? 0 : -EINVAL;
}
