// The system calls that programs use, as functions: each returns a value or a negative errno.
//
// Addresses are plain numbers and strings end in NUL, as the kernel takes them.

import { SystemCall } from "../../src/abi/linux/i386";
import { int80 } from "../../src/abi/x86";

/** What rt_sigaction takes: a handler, flags, a restorer and a mask. */
const ACTION_SIZE: u32 = 20;
const SIGNAL_SET_SIZE: u32 = 8;
const action: usize = memory.data(20, 4);

export function read(file: i32, to: usize, size: u32): i32 {
  return int80(SystemCall.read, file, to, size, 0, 0, 0);
}

export function write(file: i32, from: usize, size: u32): i32 {
  return int80(SystemCall.write, file, from, size, 0, 0, 0);
}

export function open(path: usize, flags: u32, mode: u32): i32 {
  return int80(SystemCall.open, path, flags, mode, 0, 0, 0);
}

export function close(file: i32): i32 {
  return int80(SystemCall.close, file, 0, 0, 0, 0, 0);
}

export function dup2(from: i32, to: i32): i32 {
  return int80(SystemCall.dup2, from, to, 0, 0, 0, 0);
}

export function ioctl(file: i32, command: u32, argument: usize): i32 {
  return int80(SystemCall.ioctl, file, command, argument, 0, 0, 0);
}

export function stat(path: usize, to: usize): i32 {
  return int80(SystemCall.stat64, path, to, 0, 0, 0, 0);
}

export function lstat(path: usize, to: usize): i32 {
  return int80(SystemCall.lstat64, path, to, 0, 0, 0, 0);
}

export function fstat(file: i32, to: usize): i32 {
  return int80(SystemCall.fstat64, file, to, 0, 0, 0, 0);
}

export function getdents(file: i32, to: usize, size: u32): i32 {
  return int80(SystemCall.getdents64, file, to, size, 0, 0, 0);
}

export function chdir(path: usize): i32 {
  return int80(SystemCall.chdir, path, 0, 0, 0, 0, 0);
}

/** Returns the length of the path, its NUL included. */
export function getcwd(to: usize, size: u32): i32 {
  return int80(SystemCall.getcwd, to, size, 0, 0, 0, 0);
}

export function fork(): i32 {
  return int80(SystemCall.fork, 0, 0, 0, 0, 0, 0);
}

/** Returns only if it fails. */
export function execve(path: usize, argv: usize, envp: usize): i32 {
  return int80(SystemCall.execve, path, argv, envp, 0, 0, 0);
}

export function waitpid(pid: i32, status: usize, options: u32): i32 {
  return int80(SystemCall.waitpid, pid, status, options, 0, 0, 0);
}

/** Does not return. */
export function exit(code: i32): void {
  int80(SystemCall.exit_group, code, 0, 0, 0, 0, 0);
  unreachable();
}

export function kill(pid: i32, signal: u32): i32 {
  return int80(SystemCall.kill, pid, signal, 0, 0, 0, 0);
}

/** Says what is done about a signal: SIG_DFL or SIG_IGN. */
export function setSignal(signal: u32, handler: u32): i32 {
  memory.fill(action, 0, ACTION_SIZE);
  store<u32>(action, handler);
  return int80(SystemCall.rt_sigaction, signal, action, 0, SIGNAL_SET_SIZE, 0, 0);
}

export function getpid(): i32 {
  return int80(SystemCall.getpid, 0, 0, 0, 0, 0, 0);
}

export function getpgrp(): i32 {
  return int80(SystemCall.getpgrp, 0, 0, 0, 0, 0, 0);
}

export function setpgid(pid: i32, group: i32): i32 {
  return int80(SystemCall.setpgid, pid, group, 0, 0, 0, 0);
}

/** Sets the end of the heap; returns where it then is. */
export function brk(end: usize): usize {
  return int80(SystemCall.brk, end, 0, 0, 0, 0, 0);
}

export function nanosleep(request: usize, remaining: usize): i32 {
  return int80(SystemCall.nanosleep, request, remaining, 0, 0, 0, 0);
}

export function sysinfo(to: usize): i32 {
  return int80(SystemCall.sysinfo, to, 0, 0, 0, 0, 0);
}

export function yieldProcessor(): i32 {
  return int80(SystemCall.sched_yield, 0, 0, 0, 0, 0, 0);
}

export function reboot(magic1: u32, magic2: u32, command: u32): i32 {
  return int80(SystemCall.reboot, magic1, magic2, command, 0, 0, 0);
}
