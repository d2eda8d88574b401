// What is known of a file, in WASI's form.
//
//   filestat   0  device   8  inode   16 type   24 links   32 size   40 atime   48 mtime   56 ctime

import {
  STAT_ATIME,
  STAT_CTIME,
  STAT_DEV,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_SIZE,
} from "../../src/abi/files";
import { typeOfMode } from "./descriptors";
import { WasiError } from "./error";

export const FILESTAT_SIZE: u32 = 64;
const SECOND: u64 = 1_000_000_000;

/** Writes what `stat` says to the program's memory. */
export function putFileStat(to: usize, stat: usize): void {
  store<u64>(to, load<u64>(stat + STAT_DEV));
  store<u64>(to + 8, load<u64>(stat + STAT_INO));
  store<u64>(to + 16, typeOfMode(load<u32>(stat + STAT_MODE)));
  store<u64>(to + 24, load<u32>(stat + STAT_NLINK));
  store<u64>(to + 32, load<u64>(stat + STAT_SIZE));
  store<u64>(to + 40, time(stat + STAT_ATIME));
  store<u64>(to + 48, time(stat + STAT_MTIME));
  store<u64>(to + 56, time(stat + STAT_CTIME));
}

function time(at: usize): u64 {
  return load<u32>(at) * SECOND + load<u32>(at + 4);
}

const SET_ATIME: u32 = 1;
const SET_ATIME_NOW: u32 = 2;
const SET_MTIME: u32 = 4;
const SET_MTIME_NOW: u32 = 8;

const UTIME_NOW: u64 = 0x3fff_ffff;
const UTIME_OMIT: u64 = 0x3fff_fffe;

/**
 * Writes two times as utimensat_time64(2) takes them; an error if `flags` contradict themselves.
 */
export function putTimes(to: usize, atime: u64, mtime: u64, flags: u32): i32 {
  const isBoth = (flags & 3) === 3 || (flags & 12) === 12;
  if (isBoth || flags > 15) return WasiError.INVAL;
  putTime(to, atime, (flags & SET_ATIME) !== 0, (flags & SET_ATIME_NOW) !== 0);
  putTime(to + 16, mtime, (flags & SET_MTIME) !== 0, (flags & SET_MTIME_NOW) !== 0);
  return WasiError.SUCCESS;
}

function putTime(to: usize, value: u64, isSet: bool, isNow: bool): void {
  store<u64>(to, isSet ? value / SECOND : 0);
  store<u64>(to + 8, isSet ? value % SECOND : isNow ? UTIME_NOW : UTIME_OMIT);
}
