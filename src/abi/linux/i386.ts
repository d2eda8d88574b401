// Linux's system calls on i386: the numbers, and with them the names.
//
// `int 0x80`, number in EAX, arguments in EBX, ECX, EDX, ESI, EDI, EBP, result in EAX. This list
// has the calls that the kernel implements; kernel/syscall/table.ts says how, and what the
// arguments are. Source: Linux's arch/x86/entry/syscalls/syscall_32.tbl.

/** Any other number gives -ENOSYS. `SystemCall[number]` is the name. */
export enum SystemCall {
  exit = 1,
  fork = 2,
  read = 3,
  write = 4,
  open = 5,
  close = 6,
  waitpid = 7,
  execve = 11,
  chdir = 12,
  time = 13,
  lseek = 19,
  getpid = 20,
  access = 33,
  kill = 37,
  dup = 41,
  brk = 45,
  ioctl = 54,
  setpgid = 57,
  dup2 = 63,
  getppid = 64,
  getpgrp = 65,
  gettimeofday = 78,
  reboot = 88,
  wait4 = 114,
  sysinfo = 116,
  uname = 122,
  getpgid = 132,
  _llseek = 140,
  writev = 146,
  sched_yield = 158,
  nanosleep = 162,
  getcwd = 183,
  stat64 = 195,
  lstat64 = 196,
  fstat64 = 197,
  getdents64 = 220,
  fcntl64 = 221,
  exit_group = 252,
  clock_gettime = 265,
}

/** Every call's number is below this. */
export const SYSTEM_CALL_LIMIT: u32 = 512;
