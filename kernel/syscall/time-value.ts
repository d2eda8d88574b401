// Times as programs give them and get them, and as the kernel counts them: in nanoseconds.
//
//   timespec     0  seconds      4  nanoseconds
//   timeval      0  seconds      4  microseconds
//   timespec64   0  seconds 64   8  nanoseconds (the word after them is not looked at)
//
// Seconds that are more than 31 bits can say stand for a time that does not come.

import { EFAULT, EINVAL } from "../../src/abi/errno";
import { copyIn, copyOut, UserPointer, writePair } from "../memory/user-memory";
import { NANOSECONDS_PER_SECOND, readUptime } from "../thread/uptime";

export enum TimeForm {
  timespec,
  timeval,
  timespec64,
}

export const NANOSECONDS_PER_MICROSECOND: u32 = 1000;
const LARGEST_SIZE: u32 = 16;
const buffer: usize = memory.data(LARGEST_SIZE, 8);

/** The time that was taken last, in nanoseconds. */
export let takenTime: u64 = 0;

/** The bytes of a time of that form. */
export function timeSize(form: TimeForm): u32 {
  return form === TimeForm.timespec64 ? 16 : 8;
}

/** Fetches a time of the user's into `takenTime`: 0, -EFAULT or -EINVAL. */
export function takeTime(from: UserPointer, form: TimeForm): i32 {
  if (copyIn(from, buffer, timeSize(form)) !== 0) return -EFAULT;
  return readTime(buffer, form);
}

/** Reads a time that has been fetched into `takenTime`: 0 or -EINVAL. */
export function readTime(at: usize, form: TimeForm): i32 {
  const isLong = form === TimeForm.timespec64;
  const seconds = isLong ? load<i64>(at) : <i64>load<i32>(at);
  const unit: u32 = form === TimeForm.timeval ? NANOSECONDS_PER_MICROSECOND : 1;
  const part = isLong ? load<u32>(at, 8) : load<u32>(at, 4);
  if (seconds < 0 || part >= NANOSECONDS_PER_SECOND / unit) return -EINVAL;
  const whole = <u64>min<i64>(seconds, <i64>i32.MAX_VALUE);
  takenTime = whole * NANOSECONDS_PER_SECOND + part * unit;
  return 0;
}

/** Sends so many nanoseconds to the user. 0 or -EFAULT. */
export function sendTime(to: UserPointer, time: u64, form: TimeForm): i32 {
  putTime(buffer, time, form);
  return copyOut(to, buffer, timeSize(form));
}

/** As sendTime(), of a time that has been taken apart already: dividing is slow. */
export function sendParts(to: UserPointer, seconds: u32, nanoseconds: u32, form: TimeForm): i32 {
  if (form === TimeForm.timespec) return writePair(to, seconds, nanoseconds);
  putParts(buffer, seconds, nanoseconds, form);
  return copyOut(to, buffer, timeSize(form));
}

/** Writes so many nanoseconds to `at`. */
export function putTime(at: usize, time: u64, form: TimeForm): void {
  const seconds = time / NANOSECONDS_PER_SECOND;
  putParts(at, <u32>seconds, <u32>(time - seconds * NANOSECONDS_PER_SECOND), form);
}

function putParts(at: usize, seconds: u32, nanoseconds: u32, form: TimeForm): void {
  if (form === TimeForm.timespec64) {
    store<u64>(at, seconds);
    store<u64>(at, nanoseconds, 8);
    return;
  }
  store<u32>(at, seconds);
  const isFine = form === TimeForm.timespec;
  store<u32>(at, isFine ? nanoseconds : nanoseconds / NANOSECONDS_PER_MICROSECOND, 4);
}

/** When a time from now has passed. */
export function deadlineIn(time: u64): u64 {
  return readUptime() + time;
}
