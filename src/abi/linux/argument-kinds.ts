// What the arguments of a system call are: kernel/syscall/*-calls.ts say it of each call. Tracing
// and documentation print them accordingly.
//
// A kind says two things: how a person reads the word (src/trace/ has a format for each), and which
// bytes at that address belong to it (captureOf(), below), so that the kernel can hand them out
// when a call is traced. A call that takes FLAGS of a sort that has no kind of its own yet says
// FLAGS: everything works, and the flags are printed in hexadecimal.
//
// The name of a kind is its constant's, in small letters: `isthmus syscalls` prints it.

// --- One word each, and nothing at an address.
/** A signed integer: print it in decimal. */
export const INTEGER: u32 = 1;
/** A file descriptor. */
export const FILE: u32 = 2;
/** A count of bytes. */
export const SIZE: u32 = 3;
/** Flags or a command: print them in hexadecimal. */
export const FLAGS: u32 = 4;
/** The address of a string that ends in NUL. */
export const PATH: u32 = 5;
/** The address of bytes that the kernel reads; the next argument is their SIZE. */
export const INPUT: u32 = 6;
/** The address of bytes that the kernel fills; the next argument is the SIZE of their room. */
export const OUTPUT: u32 = 7;
/** The address of a structure, or of an array of words, that the kernel reads or fills. */
export const POINTER: u32 = 8;
/** An address, which nothing is read from or written to. */
export const ADDRESS: u32 = 9;
/** A directory's descriptor, or AT_FDCWD. */
export const DIRECTORY: u32 = 10;
/** Permissions, in octal; in mknod with the file's type. */
export const MODE: u32 = 11;
/** O_… of open(2); FILE_FLAGS in calls that take only flags, and no way of access. */
export const OPEN_FLAGS: u32 = 12;
export const FILE_FLAGS: u32 = 13;
/** R_OK, … of access(2). */
export const ACCESS_MODE: u32 = 14;
/** AT_…; and where AT_REMOVEDIR and AT_EACCESS, which have one number, can be meant. */
export const AT_FLAGS: u32 = 15;
export const UNLINK_FLAGS: u32 = 16;
export const ACCESS_FLAGS: u32 = 17;
/** SEEK_… */
export const WHENCE: u32 = 18;
/** F_…: FILE_ARGUMENT follows. */
export const FILE_COMMAND: u32 = 19;
/** The number of an ioctl: DEVICE_ARGUMENT follows. */
export const DEVICE_COMMAND: u32 = 20;
/** PROT_… */
export const PROTECTION: u32 = 21;
/** MAP_… */
export const MAP_FLAGS: u32 = 22;
/** MREMAP_… */
export const REMAP_FLAGS: u32 = 23;
/** MADV_… */
export const ADVICE: u32 = 24;
/** MS_… */
export const SYNC_FLAGS: u32 = 25;
/** MCL_… */
export const LOCK_FLAGS: u32 = 26;
/** A signal's number. */
export const SIGNAL: u32 = 27;
/** SIG_BLOCK, … */
export const MASK_COMMAND: u32 = 28;
/** WNOHANG, … */
export const WAIT_FLAGS: u32 = 29;
/** P_PID, … */
export const WAIT_KIND: u32 = 30;
/** CLONE_…, with the signal in the low byte. */
export const CLONE_FLAGS: u32 = 31;
/** CLOCK_… */
export const CLOCK: u32 = 32;
/** TIMER_ABSTIME. */
export const TIMER_FLAGS: u32 = 33;
/** RLIMIT_… */
export const RESOURCE: u32 = 34;
/** RUSAGE_… */
export const USAGE_OF: u32 = 35;
/** ITIMER_… */
export const INTERVAL_TIMER: u32 = 36;
/** A user's or group's number; -1: none. */
export const USER: u32 = 37;
/** The low half of an offset, with the high half in the next argument, an OTHER_HALF. */
export const OFFSET_LOW: u32 = 38;
/** The high half of an offset, with the low half in the next argument, an OTHER_HALF. */
export const OFFSET_HIGH: u32 = 39;
export const OTHER_HALF: u32 = 40;
/** An offset in pages. */
export const PAGE_OFFSET: u32 = 41;
/** A device's numbers, as mknod takes them. */
export const DEVICE: u32 = 42;
/** PR_…: PROCESS_ARGUMENT follows. */
export const PROCESS_OPTION: u32 = 43;
/** GRND_… */
export const RANDOM_FLAGS: u32 = 44;
/** RENAME_… */
export const RENAME_FLAGS: u32 = 45;
/** STATX_… */
export const STATX_FIELDS: u32 = 46;
/** FUTEX_… */
export const FUTEX_COMMAND: u32 = 47;
/** EPOLL_CTL_… */
export const EPOLL_COMMAND: u32 = 48;
/** LOCK_SH, … of flock(2). */
export const LOCK_COMMAND: u32 = 49;
/** POSIX_FADV_… */
export const FILE_ADVICE: u32 = 50;
/** TFD_TIMER_ABSTIME, … */
export const TIMER_FILE_FLAGS: u32 = 51;

// --- The address of something that the kernel reads before the call, or has filled after it.
/** An array of strings' addresses that ends in 0; ENVIRONMENT: only their number matters. */
export const STRINGS: u32 = 64;
export const ENVIRONMENT: u32 = 65;
/** An array of struct iovec whose bytes are written, or read; the next argument is their number. */
export const VECTORS: u32 = 66;
export const VECTORS_FILLED: u32 = 67;
/** A word. */
export const WORD: u32 = 68;
export const WORD_FILLED: u32 = 69;
/** A signed number of 64 bits. */
export const OFFSET_FILLED: u32 = 70;
/** Two descriptors, of a pipe. */
export const FILES_FILLED: u32 = 71;
/** What wait(2) tells. */
export const WAIT_STATUS: u32 = 72;
/** The three structures that tell about a file, and the two about a file system. */
export const OLD_STATUS: u32 = 73;
export const STATUS: u32 = 74;
export const STATX: u32 = 75;
export const FILE_SYSTEM: u32 = 76;
export const FILE_SYSTEM64: u32 = 77;
/** struct dirent64, as many as the result's bytes are. */
export const ENTRIES: u32 = 78;
/** struct timespec of words, and of 64 bits; two of them. */
export const TIME: u32 = 79;
export const TIME_FILLED: u32 = 80;
export const TIME64: u32 = 81;
export const TIME64_FILLED: u32 = 82;
export const TWO_TIMES: u32 = 83;
export const TWO_TIMES64: u32 = 84;
/** struct timeval; two of them; struct utimbuf. */
export const TIMEVAL: u32 = 85;
export const TIMEVAL_FILLED: u32 = 86;
export const TWO_TIMEVALS: u32 = 87;
export const FILE_TIMES: u32 = 88;
/** struct itimerval; struct itimerspec of words, and of 64 bits. */
export const INTERVAL: u32 = 89;
export const INTERVAL_FILLED: u32 = 90;
export const TIMER: u32 = 91;
export const TIMER_FILLED: u32 = 92;
export const TIMER64: u32 = 93;
export const TIMER64_FILLED: u32 = 94;
/** A set of signals, of 64 bits and of 32. */
export const SIGNALS: u32 = 95;
export const SIGNALS_FILLED: u32 = 96;
export const OLD_SIGNALS: u32 = 97;
export const OLD_SIGNALS_FILLED: u32 = 98;
/** struct sigaction: the kernel's form, and the one of the old call. */
export const ACTION: u32 = 99;
export const ACTION_FILLED: u32 = 100;
export const OLD_ACTION: u32 = 101;
export const OLD_ACTION_FILLED: u32 = 102;
export const SIGNAL_INFO: u32 = 103;
export const SIGNAL_INFO_FILLED: u32 = 104;
/** stack_t. */
export const SIGNAL_STACK: u32 = 105;
export const SIGNAL_STACK_FILLED: u32 = 106;
/** struct rusage. */
export const USAGE: u32 = 107;
/** struct rlimit of words, and of 64 bits. */
export const LIMIT: u32 = 108;
export const LIMIT_FILLED: u32 = 109;
export const LIMIT64: u32 = 110;
export const LIMIT64_FILLED: u32 = 111;
/** struct utsname, struct sysinfo. */
export const SYSTEM_NAME: u32 = 112;
export const SYSTEM_INFO: u32 = 113;
/** An array of struct pollfd; the next argument is their number. */
export const POLL_FILES: u32 = 114;
/** A set of descriptors; the first argument of the call is how many bits it has. */
export const FILE_SET: u32 = 115;
/** What goes with an ioctl, fcntl or prctl: a word, or an address, by the command. */
export const DEVICE_ARGUMENT: u32 = 116;
export const FILE_ARGUMENT: u32 = 117;
export const PROCESS_ARGUMENT: u32 = 118;
/** struct user_desc. */
export const SEGMENT: u32 = 119;
/** Numbers of groups: as many as the result says, or as the argument before. */
export const GROUPS_FILLED: u32 = 120;
export const GROUPS: u32 = 121;
/** struct epoll_event; as many as the result says. */
export const EPOLL_EVENT: u32 = 122;
export const EPOLL_EVENTS_FILLED: u32 = 123;
/** The arguments of a call that takes them all in memory. */
export const MAP_ARGUMENTS: u32 = 124;
export const SELECT_ARGUMENTS: u32 = 125;
export const CLONE_ARGUMENTS: u32 = 126;

/** What a call has at most. */
export const ARGUMENTS_MAX: u32 = 6;

// How much belongs to an argument that is an address, and when it is there to be read.
/** A number of bytes, which captureOf() says. */
export const CAPTURE_FIXED: u32 = 1;
/** As far as a NUL. */
export const CAPTURE_TEXT: u32 = 2;
/** Before the call the next argument is their number, after it the result. */
export const CAPTURE_BYTES: u32 = 3;
/** An array of addresses of texts, up to a 0; and only their number. */
export const CAPTURE_TEXTS: u32 = 4;
export const CAPTURE_TEXT_COUNT: u32 = 5;
/** An array of struct iovec, and what they lead to; the next argument is their number. */
export const CAPTURE_VECTORS: u32 = 6;
/** Elements of a number of bytes: as many as the next argument, the one before, the result say. */
export const CAPTURE_NEXT: u32 = 7;
export const CAPTURE_BEFORE: u32 = 8;
export const CAPTURE_RESULT: u32 = 9;
/** As many bits as the first argument says. */
export const CAPTURE_BITS: u32 = 10;
/** The number of directory entries in as many bytes as the result says. */
export const CAPTURE_ENTRY_COUNT: u32 = 11;
export const CAPTURE_FORM: u32 = 0x1f;
/** It is there before the call, after a call that succeeded. */
export const CAPTURE_READ: u32 = 0x20;
export const CAPTURE_FILLED: u32 = 0x40;
/** From this bit on: bytes of the structure, or of an element. */
export const CAPTURE_SIZE_SHIFT: u32 = 8;

const READ = CAPTURE_FIXED | CAPTURE_READ;
const FILLED = CAPTURE_FIXED | CAPTURE_FILLED;

/** What to capture for an argument of this kind: a form, when, and a size; 0: nothing. */
export function captureOf(kind: u32): u32 {
  switch (kind) {
    case PATH:
      return CAPTURE_TEXT | CAPTURE_READ;
    case INPUT:
      return CAPTURE_BYTES | CAPTURE_READ;
    case OUTPUT:
      return CAPTURE_BYTES | CAPTURE_FILLED;
    case STRINGS:
      return CAPTURE_TEXTS | CAPTURE_READ;
    case ENVIRONMENT:
      return CAPTURE_TEXT_COUNT | CAPTURE_READ;
    case VECTORS:
      return CAPTURE_VECTORS | CAPTURE_READ;
    case VECTORS_FILLED:
      return CAPTURE_VECTORS | CAPTURE_FILLED;
    case ENTRIES:
      return CAPTURE_ENTRY_COUNT | CAPTURE_FILLED;
    case POLL_FILES:
      return CAPTURE_NEXT | CAPTURE_READ | CAPTURE_FILLED | (8 << CAPTURE_SIZE_SHIFT);
    case FILE_SET:
      return CAPTURE_BITS | CAPTURE_READ | CAPTURE_FILLED;
    case GROUPS_FILLED:
      return CAPTURE_RESULT | CAPTURE_FILLED | (4 << CAPTURE_SIZE_SHIFT);
    case GROUPS:
      return CAPTURE_BEFORE | CAPTURE_READ | (4 << CAPTURE_SIZE_SHIFT);
    case EPOLL_EVENTS_FILLED:
      return CAPTURE_RESULT | CAPTURE_FILLED | (12 << CAPTURE_SIZE_SHIFT);
    // Which structure it is, the command says: the longest that any has.
    case DEVICE_ARGUMENT:
      return READ | CAPTURE_FILLED | (44 << CAPTURE_SIZE_SHIFT);
    case FILE_ARGUMENT:
      return READ | CAPTURE_FILLED | (24 << CAPTURE_SIZE_SHIFT);
    case PROCESS_ARGUMENT:
      return CAPTURE_TEXT | CAPTURE_READ | CAPTURE_FILLED;
    case SEGMENT:
      return READ | CAPTURE_FILLED | (16 << CAPTURE_SIZE_SHIFT);
    default:
      return captureOfStructure(kind);
  }
}

/** The same of structures that are read or filled, never both. */
function captureOfStructure(kind: u32): u32 {
  const size = sizeOfStructure(kind);
  if (size === 0) return 0;
  return (isFilled(kind) ? FILLED : READ) | (size << CAPTURE_SIZE_SHIFT);
}

function isFilled(kind: u32): boolean {
  switch (kind) {
    case WORD:
    case TIME:
    case TIME64:
    case TWO_TIMES:
    case TWO_TIMES64:
    case TIMEVAL:
    case TWO_TIMEVALS:
    case FILE_TIMES:
    case INTERVAL:
    case TIMER:
    case TIMER64:
    case SIGNALS:
    case OLD_SIGNALS:
    case ACTION:
    case OLD_ACTION:
    case SIGNAL_INFO:
    case SIGNAL_STACK:
    case LIMIT:
    case LIMIT64:
    case EPOLL_EVENT:
    case MAP_ARGUMENTS:
    case SELECT_ARGUMENTS:
    case CLONE_ARGUMENTS:
      return false;
    default:
      return true;
  }
}

function sizeOfStructure(kind: u32): u32 {
  switch (kind) {
    case WORD:
    case WORD_FILLED:
    case WAIT_STATUS:
    case OLD_SIGNALS:
    case OLD_SIGNALS_FILLED:
      return 4;
    case OFFSET_FILLED:
    case FILES_FILLED:
    case TIME:
    case TIME_FILLED:
    case TIMEVAL:
    case TIMEVAL_FILLED:
    case FILE_TIMES:
    case SIGNALS:
    case SIGNALS_FILLED:
    case LIMIT:
    case LIMIT_FILLED:
      return 8;
    case SIGNAL_STACK:
    case SIGNAL_STACK_FILLED:
    case EPOLL_EVENT:
      return 12;
    case TIME64:
    case TIME64_FILLED:
    case TWO_TIMES:
    case TWO_TIMEVALS:
    case INTERVAL:
    case INTERVAL_FILLED:
    case TIMER:
    case TIMER_FILLED:
    case OLD_ACTION:
    case OLD_ACTION_FILLED:
    case LIMIT64:
    case LIMIT64_FILLED:
      return 16;
    case ACTION:
    case ACTION_FILLED:
    case SELECT_ARGUMENTS:
      return 20;
    case MAP_ARGUMENTS:
      return 24;
    case SIGNAL_INFO:
    case SIGNAL_INFO_FILLED:
    case TWO_TIMES64:
    case TIMER64:
    case TIMER64_FILLED:
      return 32;
    case OLD_STATUS:
    case FILE_SYSTEM:
    case SYSTEM_INFO:
      return 64;
    case USAGE:
      return 72;
    case FILE_SYSTEM64:
      return 84;
    case CLONE_ARGUMENTS:
      return 88;
    case STATUS:
      return 96;
    case STATX:
      return 256;
    case SYSTEM_NAME:
      return 390;
    default:
      return 0;
  }
}
