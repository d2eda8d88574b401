// The dispatch: from the number in EAX to a small function.
//
//   table[number] = index of the function, 0: there is no such call
//
// A call takes the trap frame, where EBX, ECX, EDX, ESI, EDI and EBP are its arguments, and returns
// what goes back in EAX: a value, or a negative errno. src/abi/syscalls.ts has numbers, names and
// arguments; the folder has one file for each noun. HACKING.md tells how to add a call.

import { ENOSYS } from "../../src/abi/errno";
import { SYSTEM_CALL_LIMIT, SystemCall } from "../../src/abi/syscalls";
import { warn } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { current } from "../process/process";
import {
  access,
  chdir,
  close,
  dup,
  dup2,
  fcntl64,
  fstat64,
  getcwd,
  getdents64,
  ioctl,
  llseek,
  lseek,
  lstat64,
  open,
  read,
  stat64,
  write,
  writev,
} from "./file";
import {
  brk,
  execve,
  exit,
  fork,
  getpgid,
  getpgrp,
  getpid,
  getppid,
  kill,
  schedYield,
  setpgid,
  wait4,
  waitpid,
} from "./process";
import { reboot, sysinfo, uname } from "./system";
import { clockGettime, gettimeofday, nanosleep, time } from "./time";
import { isTracing, traceCall, traceResult } from "./trace";

const table: usize = memory.data(4 * 512, 4);
const WORD_SHIFT: u32 = 2;
const BITS_PER_BYTE: u32 = 8;

/** Fills the table; before the first process runs. */
export function startSystemCalls(): void {
  set(SystemCall.exit, exit.index);
  set(SystemCall.fork, fork.index);
  set(SystemCall.read, read.index);
  set(SystemCall.write, write.index);
  set(SystemCall.open, open.index);
  set(SystemCall.close, close.index);
  set(SystemCall.waitpid, waitpid.index);
  set(SystemCall.execve, execve.index);
  set(SystemCall.chdir, chdir.index);
  set(SystemCall.time, time.index);
  set(SystemCall.lseek, lseek.index);
  set(SystemCall.getpid, getpid.index);
  set(SystemCall.access, access.index);
  set(SystemCall.kill, kill.index);
  set(SystemCall.dup, dup.index);
  set(SystemCall.brk, brk.index);
  set(SystemCall.ioctl, ioctl.index);
  set(SystemCall.setpgid, setpgid.index);
  set(SystemCall.dup2, dup2.index);
  set(SystemCall.getppid, getppid.index);
  set(SystemCall.getpgrp, getpgrp.index);
  set(SystemCall.gettimeofday, gettimeofday.index);
  set(SystemCall.reboot, reboot.index);
  set(SystemCall.wait4, wait4.index);
  set(SystemCall.sysinfo, sysinfo.index);
  set(SystemCall.uname, uname.index);
  set(SystemCall.getpgid, getpgid.index);
  set(SystemCall._llseek, llseek.index);
  set(SystemCall.writev, writev.index);
  set(SystemCall.sched_yield, schedYield.index);
  set(SystemCall.nanosleep, nanosleep.index);
  set(SystemCall.getcwd, getcwd.index);
  set(SystemCall.stat64, stat64.index);
  set(SystemCall.lstat64, lstat64.index);
  set(SystemCall.fstat64, fstat64.index);
  set(SystemCall.getdents64, getdents64.index);
  set(SystemCall.fcntl64, fcntl64.index);
  set(SystemCall.exit_group, exit.index);
  set(SystemCall.clock_gettime, clockGettime.index);
}

/** int 0x80. */
export function systemCall(frame: TrapFrame): void {
  const number = frame.eax;
  const call = number < SYSTEM_CALL_LIMIT ? load<u32>(table + (number << WORD_SHIFT)) : 0;
  if (call === 0) {
    logUnknown(number);
    frame.eax = -ENOSYS;
    return;
  }
  if (isTracing) traceCall(number, frame);
  const result = call_indirect<i32>(call, frame);
  frame.eax = result;
  if (isTracing) traceResult(number, result);
}

function set(call: u32, index: u32): void {
  store<u32>(table + (call << WORD_SHIFT), index);
}

/** Says once for each process and number that a call is missing. */
function logUnknown(number: u32): void {
  // Numbers beyond the table share the last bit.
  const bit = min<u32>(number, SYSTEM_CALL_LIMIT - 1);
  const address = current.loggedCalls + bit / BITS_PER_BYTE;
  const mask: u32 = 1 << (bit % BITS_PER_BYTE);
  if ((load<u8>(address) & mask) !== 0) return;
  store<u8>(address, load<u8>(address) | mask);
  warn(cstr("%s[%u]: no system call %u"), <u32>current.name, current.pid, number);
}

if (SYSTEM_CALL_LIMIT !== 512) ERROR("table has 512 entries");
