// The system calls of Linux that WASI is made of: each returns a value or a negative errno.

import { SystemCall } from "../../src/abi/linux/i386";
import { int80 } from "../../src/abi/x86";

/** Calls that only Linux has, not our kernel: arch/x86/entry/syscalls/syscall_32.tbl. */
const POLL: u32 = 168;
const CLOCK_GETRES: u32 = 266;
const GETRANDOM: u32 = 355;
const CLOCK_GETTIME64: u32 = 403;

export const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
export const AT_REMOVEDIR: u32 = 0x200;

export function openat(directory: i32, name: usize, flags: u32, mode: u32): i32 {
  return int80(SystemCall.openat, directory, name, flags, mode, 0, 0);
}

/** A directory or file by a path from where the program was started. */
export function open(path: usize, flags: u32): i32 {
  return int80(SystemCall.open, path, flags, 0, 0, 0, 0);
}

export function close(file: i32): i32 {
  return int80(SystemCall.close, file, 0, 0, 0, 0, 0);
}

export function readv(file: i32, vectors: usize, count: u32): i32 {
  return int80(SystemCall.readv, file, vectors, count, 0, 0, 0);
}

export function writev(file: i32, vectors: usize, count: u32): i32 {
  return int80(SystemCall.writev, file, vectors, count, 0, 0, 0);
}

export function preadv(file: i32, vectors: usize, count: u32, at: u64): i32 {
  return int80(SystemCall.preadv, file, vectors, count, <u32>at, <u32>(at >> 32), 0);
}

export function pwritev(file: i32, vectors: usize, count: u32, at: u64): i32 {
  return int80(SystemCall.pwritev, file, vectors, count, <u32>at, <u32>(at >> 32), 0);
}

/** Stores the new position as an u64. */
export function seek(file: i32, offset: u64, whence: u32, result: usize): i32 {
  return int80(SystemCall._llseek, file, <u32>(offset >> 32), <u32>offset, result, whence, 0);
}

export function fsync(file: i32): i32 {
  return int80(SystemCall.fsync, file, 0, 0, 0, 0, 0);
}

export function fdatasync(file: i32): i32 {
  return int80(SystemCall.fdatasync, file, 0, 0, 0, 0, 0);
}

export function ftruncate(file: i32, size: u64): i32 {
  return int80(SystemCall.ftruncate64, file, <u32>size, <u32>(size >> 32), 0, 0, 0);
}

export function fallocate(file: i32, offset: u64, size: u64): i32 {
  const high = <u32>(offset >> 32);
  return int80(SystemCall.fallocate, file, 0, <u32>offset, high, <u32>size, <u32>(size >> 32));
}

export function fadvise(file: i32, offset: u64, size: u64, advice: u32): i32 {
  const call = SystemCall.fadvise64_64;
  const high = <u32>(offset >> 32);
  return int80(call, file, <u32>offset, high, <u32>size, <u32>(size >> 32), advice);
}

export function fcntl(file: i32, command: u32, argument: u32): i32 {
  return int80(SystemCall.fcntl64, file, command, argument, 0, 0, 0);
}

export function ioctl(file: i32, command: u32, argument: usize): i32 {
  return int80(SystemCall.ioctl, file, command, argument, 0, 0, 0);
}

export function getdents(file: i32, to: usize, size: u32): i32 {
  return int80(SystemCall.getdents64, file, to, size, 0, 0, 0);
}

export function fstat(file: i32, to: usize): i32 {
  return int80(SystemCall.fstat64, file, to, 0, 0, 0, 0);
}

/** Of a name itself, whatever it is. */
export function fstatat(directory: i32, name: usize, to: usize): i32 {
  return int80(SystemCall.fstatat64, directory, name, to, AT_SYMLINK_NOFOLLOW, 0, 0);
}

/** `name` 0: of the file `directory` itself. */
export function utimensat(directory: i32, name: usize, times: usize): i32 {
  const flags = name === 0 ? 0 : AT_SYMLINK_NOFOLLOW;
  return int80(SystemCall.utimensat_time64, directory, name, times, flags, 0, 0);
}

export function mkdirat(directory: i32, name: usize, mode: u32): i32 {
  return int80(SystemCall.mkdirat, directory, name, mode, 0, 0, 0);
}

export function unlinkat(directory: i32, name: usize, flags: u32): i32 {
  return int80(SystemCall.unlinkat, directory, name, flags, 0, 0, 0);
}

export function renameat(from: i32, old: usize, to: i32, name: usize): i32 {
  return int80(SystemCall.renameat, from, old, to, name, 0, 0);
}

export function linkat(from: i32, old: usize, to: i32, name: usize): i32 {
  return int80(SystemCall.linkat, from, old, to, name, 0, 0);
}

export function symlinkat(target: usize, directory: i32, name: usize): i32 {
  return int80(SystemCall.symlinkat, target, directory, name, 0, 0, 0);
}

export function readlinkat(directory: i32, name: usize, to: usize, size: u32): i32 {
  return int80(SystemCall.readlinkat, directory, name, to, size, 0, 0);
}

export function clockResolution(clock: u32, to: usize): i32 {
  return int80(CLOCK_GETRES, clock, to, 0, 0, 0, 0);
}

/** Stores seconds and nanoseconds as an u64 each. */
export function clockTime(clock: u32, to: usize): i32 {
  return int80(CLOCK_GETTIME64, clock, to, 0, 0, 0, 0);
}

export function getrandom(to: usize, size: u32): i32 {
  return int80(GETRANDOM, to, size, 0, 0, 0, 0);
}

export function poll(files: usize, count: u32, milliseconds: i32): i32 {
  return int80(POLL, files, count, milliseconds, 0, 0, 0);
}

export function yieldProcessor(): i32 {
  return int80(SystemCall.sched_yield, 0, 0, 0, 0, 0, 0);
}

export function exit(status: i32): void {
  int80(SystemCall.exit_group, status, 0, 0, 0, 0, 0);
}
