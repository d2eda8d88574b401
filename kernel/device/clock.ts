// What time it is: what the CMOS clock said when the kernel started, or what a program has said
// since, and the time that has passed. The CMOS clock itself is never set.
//
// Registers are read until two readings agree, so that none is taken from the middle of an update.
// See the MC146818 data sheet.

import { inb, outb } from "../../src/abi/x86";
import {
  isRecent,
  NANOSECONDS_PER_SECOND,
  readUptime,
  updateUptime,
  uptimeNanoseconds,
  uptimeSeconds,
} from "../thread/uptime";

const INDEX: u32 = 0x70;
const DATA: u32 = 0x71;
const SECONDS: u32 = 0x00;
const MINUTES: u32 = 0x02;
const HOURS: u32 = 0x04;
const DAY: u32 = 0x07;
const MONTH: u32 = 0x08;
const YEAR: u32 = 0x09;
const STATUS_B: u32 = 0x0b;
const BINARY: u32 = 0x04;
const TWENTY_FOUR: u32 = 0x02;
const PM: u32 = 0x80;
/** More readings than an update can spoil: without a clock there is no agreement to wait for. */
const MOST_READINGS: u32 = 100;
const CENTURY: u32 = 2000;
const DAYS_TO_2000: u32 = 10957;
const SECONDS_PER_DAY: u32 = 86400;

/**
 * The times of files are as old as that at the most, in counts of the time-stamp counter: a
 * fraction of a millisecond. To look at the clock costs more than many a read of a file.
 */
const RECENT_COUNTS: u32 = 1 << 18;

let secondsAtBoot: u32 = 0;
let nanosecondsAtBoot: u32 = 0;
/** The last time that was read, since 1970. */
export let realSeconds: u32 = 0;
export let realNanoseconds: u32 = 0;

/** Reads the clock. */
export function startClock(): void {
  let last = readClock();
  for (let i: u32 = 0; i < MOST_READINGS; i++) {
    const again = readClock();
    if (again === last) break;
    last = again;
  }
  secondsAtBoot = last;
}

/** Seconds from 1970 to the kernel's start, in UTC if the clock is. */
export function bootTime(): u32 {
  return secondsAtBoot;
}

/** The same in nanoseconds, to the nanosecond if the clock was set since. */
export function exactBootTime(): u64 {
  return <u64>secondsAtBoot * NANOSECONDS_PER_SECOND + nanosecondsAtBoot;
}

/** Reads what time it is into realSeconds and realNanoseconds. */
export function readRealTime(): void {
  updateUptime();
  addUptime();
}

function addUptime(): void {
  const nanoseconds = nanosecondsAtBoot + uptimeNanoseconds;
  const isNext = nanoseconds >= NANOSECONDS_PER_SECOND;
  realSeconds = secondsAtBoot + uptimeSeconds + (isNext ? 1 : 0);
  realNanoseconds = isNext ? nanoseconds - NANOSECONDS_PER_SECOND : nanoseconds;
}

/** From now on it is that many nanoseconds since 1970: false, as that is before the start. */
export function setRealTime(time: u64): bool {
  const passed = readUptime();
  if (time < passed) return false;
  const before = time - passed;
  secondsAtBoot = <u32>(before / NANOSECONDS_PER_SECOND);
  nanosecondsAtBoot = <u32>before - secondsAtBoot * NANOSECONDS_PER_SECOND;
  return true;
}

/**
 * What time it is, or was a moment ago: seconds since 1970 in the upper half, nanoseconds in the
 * lower. Of two times the later one is the greater number.
 */
export function currentTime(): u64 {
  if (!isRecent(RECENT_COUNTS)) updateUptime();
  addUptime();
  return timestamp(realSeconds, realNanoseconds);
}

/** A time as currentTime() gives it. */
export function timestamp(seconds: u32, nanoseconds: u32): u64 {
  return ((<u64>seconds) << 32) | <u64>nanoseconds;
}

function readClock(): u32 {
  const status = register(STATUS_B);
  const isBinary = (status & BINARY) !== 0;
  const rawHour = register(HOURS);
  let hour = number(rawHour & ~PM, isBinary);
  if ((status & TWENTY_FOUR) === 0) hour = (hour % 12) + ((rawHour & PM) !== 0 ? 12 : 0);
  const year = number(register(YEAR), isBinary);
  const month = number(register(MONTH), isBinary);
  const days = DAYS_TO_2000 + daysSince2000(year, month, number(register(DAY), isBinary));
  const minutes = hour * 60 + number(register(MINUTES), isBinary);
  return days * SECONDS_PER_DAY + minutes * 60 + number(register(SECONDS), isBinary);
}

/** Days from the first of January 2000 to a date of 2000 to 2099. */
function daysSince2000(year: u32, month: u32, day: u32): u32 {
  let days = year * 365 + (year + 3) / 4 + day - 1;
  for (let m: u32 = 1; m < month; m++) days += daysInMonth(m, CENTURY + year);
  return days;
}

function daysInMonth(month: u32, year: u32): u32 {
  if (month === 2) return year % 4 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function register(index: u32): u32 {
  outb(INDEX, index);
  return inb(DATA);
}

function number(value: u32, isBinary: bool): u32 {
  return isBinary ? value : (value >> 4) * 10 + (value & 0x0f);
}
