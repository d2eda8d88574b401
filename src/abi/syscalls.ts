// The system calls: number, name, and the kinds of their arguments.
//
// `int 0x80`, number in EAX, arguments in EBX, ECX, EDX, ESI, EDI, EBP, result in EAX: the numbers
// and conventions are Linux's on i386 (arch/x86/entry/syscalls/syscall_32.tbl). From this file
// derive the kernel's dispatch (kernel/syscall/table.ts), the stubs of user programs and whatever
// prints a call as strace does: `SystemCall[number]` is the name, `argumentKinds(number)` says how
// to print each argument.
//
//   argument kinds   |31   28|27  24|23  20|19  16|15  12|11   8|7    4|3    0|
//                    |   -   | count| sixth| fifth|fourth| third|second| first|

/** The calls that the kernel has, by number. Any other number gives -ENOSYS. */
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

// What an argument is.
/** A signed integer: print it in decimal. */
export const ARGUMENT_INTEGER: u32 = 1;
/** A file descriptor. */
export const ARGUMENT_FILE: u32 = 2;
/** A count of bytes. */
export const ARGUMENT_SIZE: u32 = 3;
/** Flags or a command: print it in hexadecimal. */
export const ARGUMENT_FLAGS: u32 = 4;
/** The address of a string that ends in NUL. */
export const ARGUMENT_STRING: u32 = 5;
/** The address of bytes that the kernel reads; the next argument is their count. */
export const ARGUMENT_INPUT: u32 = 6;
/** The address of a structure or buffer that the kernel reads or fills. */
export const ARGUMENT_POINTER: u32 = 7;

const BITS: u32 = 4;
const COUNT_SHIFT: u32 = 24;

/** The kinds of a call's arguments, packed as drawn above; 0 for numbers that are no call. */
export function argumentKinds(number: u32): u32 {
  switch (number) {
    case SystemCall.fork:
    case SystemCall.getpid:
    case SystemCall.getppid:
    case SystemCall.getpgrp:
    case SystemCall.sched_yield:
      return 0;
    case SystemCall.exit:
    case SystemCall.exit_group:
    case SystemCall.getpgid:
      return kinds(ARGUMENT_INTEGER);
    case SystemCall.close:
    case SystemCall.dup:
      return kinds(ARGUMENT_FILE);
    case SystemCall.brk:
    case SystemCall.time:
    case SystemCall.sysinfo:
    case SystemCall.uname:
      return kinds(ARGUMENT_POINTER);
    case SystemCall.chdir:
      return kinds(ARGUMENT_STRING);
    case SystemCall.kill:
    case SystemCall.setpgid:
      return kinds(ARGUMENT_INTEGER, ARGUMENT_INTEGER);
    case SystemCall.dup2:
      return kinds(ARGUMENT_FILE, ARGUMENT_FILE);
    case SystemCall.getcwd:
      return kinds(ARGUMENT_POINTER, ARGUMENT_SIZE);
    case SystemCall.access:
      return kinds(ARGUMENT_STRING, ARGUMENT_FLAGS);
    case SystemCall.stat64:
    case SystemCall.lstat64:
      return kinds(ARGUMENT_STRING, ARGUMENT_POINTER);
    case SystemCall.fstat64:
      return kinds(ARGUMENT_FILE, ARGUMENT_POINTER);
    case SystemCall.clock_gettime:
      return kinds(ARGUMENT_INTEGER, ARGUMENT_POINTER);
    case SystemCall.nanosleep:
    case SystemCall.gettimeofday:
      return kinds(ARGUMENT_POINTER, ARGUMENT_POINTER);
    case SystemCall.read:
    case SystemCall.getdents64:
      return kinds(ARGUMENT_FILE, ARGUMENT_POINTER, ARGUMENT_SIZE);
    case SystemCall.write:
      return kinds(ARGUMENT_FILE, ARGUMENT_INPUT, ARGUMENT_SIZE);
    case SystemCall.writev:
      return kinds(ARGUMENT_FILE, ARGUMENT_POINTER, ARGUMENT_INTEGER);
    case SystemCall.lseek:
      return kinds(ARGUMENT_FILE, ARGUMENT_INTEGER, ARGUMENT_INTEGER);
    case SystemCall.ioctl:
    case SystemCall.fcntl64:
      return kinds(ARGUMENT_FILE, ARGUMENT_FLAGS, ARGUMENT_FLAGS);
    case SystemCall.open:
      return kinds(ARGUMENT_STRING, ARGUMENT_FLAGS, ARGUMENT_FLAGS);
    case SystemCall.execve:
      return kinds(ARGUMENT_STRING, ARGUMENT_POINTER, ARGUMENT_POINTER);
    case SystemCall.waitpid:
      return kinds(ARGUMENT_INTEGER, ARGUMENT_POINTER, ARGUMENT_FLAGS);
    case SystemCall.wait4:
      return kinds(ARGUMENT_INTEGER, ARGUMENT_POINTER, ARGUMENT_FLAGS, ARGUMENT_POINTER);
    case SystemCall.reboot:
      return kinds(ARGUMENT_FLAGS, ARGUMENT_FLAGS, ARGUMENT_FLAGS, ARGUMENT_POINTER);
    case SystemCall._llseek:
      return kinds(
        ARGUMENT_FILE,
        ARGUMENT_FLAGS,
        ARGUMENT_FLAGS,
        ARGUMENT_POINTER,
        ARGUMENT_INTEGER,
      );
    default:
      return 0;
  }
}

/** How many arguments the packed `kinds` stand for. */
export function argumentCount(kinds: u32): u32 {
  return kinds >>> COUNT_SHIFT;
}

/** The kind of argument `index` (from 0) in the packed `kinds`. */
export function argumentKind(kinds: u32, index: u32): u32 {
  return (kinds >>> (index * BITS)) & ((1 << BITS) - 1);
}

function kinds(a: u32, b: u32 = 0, c: u32 = 0, d: u32 = 0, e: u32 = 0): u32 {
  let count: u32 = 1;
  if (b !== 0) count = 2;
  if (c !== 0) count = 3;
  if (d !== 0) count = 4;
  if (e !== 0) count = 5;
  const packed = a | (b << BITS) | (c << (2 * BITS)) | (d << (3 * BITS)) | (e << (4 * BITS));
  return packed | (count << COUNT_SHIFT);
}

// reboot(2): the magic numbers that guard it, and the commands that this kernel knows.
export const REBOOT_MAGIC1: u32 = 0xfee1dead;
export const REBOOT_MAGIC2: u32 = 672274793;
export const REBOOT_RESTART: u32 = 0x01234567;
export const REBOOT_HALT: u32 = 0xcdef0123;
export const REBOOT_POWER_OFF: u32 = 0x4321fedc;
