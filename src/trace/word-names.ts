// The names of flags and of numbers that mean something, as strace writes them.
//
// What the kernel knows is taken from src/abi/, by prefix; beside it stand the names of what
// programs pass and this kernel does not look at. Flags are named in the order of a table.

import * as files from "../abi/files";
import * as clone from "../abi/linux/clone";
import * as resource from "../abi/linux/resource";
import * as mman from "../abi/mman";
import * as poll from "../abi/poll";
import * as signals from "../abi/signals";
import * as termios from "../abi/termios";

export type Names = readonly (readonly [string, number])[];

/** Every number of a file of src/abi/ whose name matches, by value, but for those in `except`. */
function declared(file: object, name: RegExp, except: readonly string[] = []): Names {
  return Object.entries(file)
    .filter(([each, value]) => typeof value === "number" && name.test(each))
    .filter(([each]) => !except.includes(each))
    .map(([each, value]) => [each, value >>> 0] as const)
    .sort(([, a], [, b]) => a - b);
}

/** Numbers of a file, in the order of these names. */
function inOrder<File extends object>(
  file: File,
  ...names: readonly (keyof File & string)[]
): Names {
  return names.map((name) => [name, Number(file[name])] as const);
}

/** Names of 0, 1, 2, …; an empty one stands for nothing. */
function numbered(prefix: string, names: string): Names {
  const all = names.split(" ").map((name, value) => [prefix + name, value] as const);
  return all.filter(([name]) => !name.endsWith("-"));
}

/** The name of a value; undefined: there is none. */
export function nameOf(names: Names, value: number): string | undefined {
  return names.find(([, each]) => each === value >>> 0)?.[0];
}

/** The value's name, or the number and, as a comment, the prefix that names have here. */
export function nameOrNumber(names: Names, value: number): string {
  return nameOf(names, value) ?? hexadecimal(value);
}

/** Flags joined by `|`; what is left over is a number. */
export function flagNames(names: Names, value: number): string {
  let rest = value >>> 0;
  const found: string[] = [];
  for (const [name, bits] of names) {
    if (bits === 0 || (rest & bits) >>> 0 !== bits) continue;
    found.push(name);
    rest = (rest & ~bits) >>> 0;
  }
  if (rest !== 0 || found.length === 0) found.push(hexadecimal(rest));
  return found.join("|");
}

export function hexadecimal(value: number): string {
  return value === 0 ? "0" : `0x${(value >>> 0).toString(16)}`;
}

export const ACCESS_MODES: Names = inOrder(files, "O_RDONLY", "O_WRONLY", "O_RDWR");
const SYNC_AND_DATA = inOrder(files, "O_SYNC", "O_DSYNC");
export const OPEN_FLAGS: Names = [
  ...inOrder(files, "O_CREAT", "O_EXCL"),
  ["O_NOCTTY", 0o400],
  ...inOrder(files, "O_TRUNC", "O_APPEND", "O_NONBLOCK"),
  ...SYNC_AND_DATA,
  ...inOrder(files, "O_ASYNC", "O_DIRECT", "O_LARGEFILE", "O_NOFOLLOW", "O_NOATIME"),
  ...inOrder(files, "O_CLOEXEC", "O_PATH", "O_TMPFILE", "O_DIRECTORY"),
];
export const ACCESS_BITS: Names = inOrder(files, "R_OK", "W_OK", "X_OK");
export const FILE_TYPES: Names = declared(files, /^S_IF/, ["S_IFMT"]);
export const WHENCES: Names = [
  ...inOrder(files, "SEEK_SET", "SEEK_CUR", "SEEK_END"),
  ["SEEK_DATA", 3],
  ["SEEK_HOLE", 4],
];
const NOT_AT = ["AT_FDCWD", "AT_EACCESS", "AT_REMOVEDIR", "AT_STATX_SYNC_TYPE"];
export const AT_FLAGS: Names = declared(files, /^AT_/, NOT_AT);
export const UNLINK_FLAGS: Names = inOrder(files, "AT_REMOVEDIR");
export const ACCESS_FLAGS: Names = [...AT_FLAGS, ...inOrder(files, "AT_EACCESS")];
export const RENAME_FLAGS: Names = declared(files, /^RENAME_/);
export const STATX_FIELDS: Names = [
  ["STATX_ALL", 0xfff],
  ...inOrder(files, "STATX_BASIC_STATS"),
  ...numberedBits(
    "STATX_",
    "TYPE MODE NLINK UID GID ATIME MTIME CTIME INO SIZE BLOCKS BTIME MNT_ID",
  ),
];
export const FILE_COMMANDS: Names = [
  ...declared(files, /^F_(?!OK|RDLCK|WRLCK|UNLCK|SEAL_)/),
  ...numbered("F_", "DUPFD GETFD SETFD GETFL SETFL GETLK SETLK SETLKW SETOWN GETOWN SETSIG GETSIG"),
  ...numbered("F_", "- - - - - - - - - - - - GETLK64 SETLK64 SETLKW64"),
];
export const SEALS: Names = declared(files, /^F_SEAL_/);
export const LOCK_TYPES: Names = numbered("F_", "RDLCK WRLCK UNLCK");
export const LOCK_COMMANDS: Names = [
  ["LOCK_NB", 4],
  ["LOCK_SH", 1],
  ["LOCK_EX", 2],
  ["LOCK_UN", 8],
];
export const FILE_ADVICE: Names = numbered(
  "POSIX_FADV_",
  "NORMAL RANDOM SEQUENTIAL WILLNEED DONTNEED NOREUSE",
);

const NOT_PROTECTION = ["PROT_NONE"];
export const PROTECTIONS: Names = declared(mman, /^PROT_/, NOT_PROTECTION);
const NOT_FLAG = ["MAP_TYPE", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE"];
export const MAP_TYPES: Names = inOrder(mman, "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE");
export const MAP_TYPE_MASK = mman.MAP_TYPE;
export const MAP_FLAGS: Names = declared(mman, /^MAP_/, NOT_FLAG);
export const REMAP_FLAGS: Names = declared(mman, /^MREMAP_/);
export const ADVICE: Names = declared(mman, /^MADV_/);
export const SYNC_FLAGS: Names = declared(mman, /^MS_/);
export const LOCK_ALL_FLAGS: Names = declared(mman, /^MCL_/);

const NOT_SIGNAL = ["SIGRTMIN"];
export const SIGNAL_NAMES: Names = [
  ...declared(signals, /^SIG[A-Z]+\d?$/, NOT_SIGNAL),
  ["SIGSTKFLT", 16],
  ["SIGXCPU", 24],
  ["SIGXFSZ", 25],
  ["SIGVTALRM", 26],
  ["SIGPROF", 27],
  ["SIGIO", 29],
  ["SIGPWR", 30],
  ["SIGSYS", 31],
];
const FIRST_REAL_TIME = signals.SIGRTMIN;
export const SIGNAL_MAX = signals.SIGNAL_MAX;
export const ACTION_FLAGS: Names = [
  ...inOrder(signals, "SA_RESTORER", "SA_ONSTACK", "SA_RESTART", "SA_NODEFER", "SA_RESETHAND"),
  ...inOrder(signals, "SA_SIGINFO", "SA_NOCLDSTOP", "SA_NOCLDWAIT"),
];
export const ACTION_HAS_RESTORER = signals.SA_RESTORER;
export const MASK_COMMANDS: Names = inOrder(signals, "SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK");
export const STACK_FLAGS: Names = declared(signals, /^SS_/);
export const WAIT_FLAGS: Names = [
  ["WNOHANG", signals.WNOHANG],
  ["WSTOPPED", signals.WUNTRACED],
  ["WEXITED", signals.WEXITED],
  ["WCONTINUED", signals.WCONTINUED],
  ["WNOWAIT", signals.WNOWAIT],
  ["__WNOTHREAD", 0x20000000],
  ["__WALL", 0x40000000],
  ["__WCLONE", 0x80000000],
];
export const WAIT_KINDS: Names = numbered("P_", "ALL PID PGID PIDFD");
/** si_code of any signal, then of the signals that have codes of their own. */
const SIGNAL_CODES: Names = declared(signals, /^SI_/);
const CODES_BY_SIGNAL: Readonly<Record<string, Names>> = {
  SIGCHLD: numbered("CLD_", "- EXITED KILLED DUMPED TRAPPED STOPPED CONTINUED"),
  SIGSEGV: declared(signals, /^SEGV_/),
  SIGBUS: numbered("BUS_", "- ADRALN ADRERR OBJERR"),
  SIGFPE: numbered("FPE_", "- INTDIV INTOVF FLTDIV FLTOVF FLTUND FLTRES FLTINV FLTSUB"),
  SIGILL: numbered("ILL_", "- ILLOPC ILLOPN ILLADR ILLTRP PRVOPC PRVREG COPROC BADSTK"),
  SIGTRAP: numbered("TRAP_", "- BRKPT TRACE"),
};

export const CLONE_BITS: Names = declared(clone, /^CLONE_/, ["CLONE_SIGNAL"]);
export const CLONE_SIGNAL_MASK = clone.CLONE_SIGNAL;
export const RESOURCES: Names = numbered(
  "RLIMIT_",
  "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO " +
    "RTTIME",
);
export const USAGES: Names = declared(resource, /^RUSAGE_(?!SIZE|MAXRSS)/);
export const INTERVAL_TIMERS: Names = numbered("ITIMER_", "REAL VIRTUAL PROF");
export const CLOCKS: Names = numbered(
  "CLOCK_",
  "REALTIME MONOTONIC PROCESS_CPUTIME_ID THREAD_CPUTIME_ID MONOTONIC_RAW REALTIME_COARSE " +
    "MONOTONIC_COARSE BOOTTIME REALTIME_ALARM BOOTTIME_ALARM - TAI",
);
export const TIMER_FLAGS: Names = [["TIMER_ABSTIME", 1]];
export const TIMER_FILE_FLAGS: Names = numberedBits("TFD_TIMER_", "ABSTIME CANCEL_ON_SET");
export const RANDOM_FLAGS: Names = numberedBits("GRND_", "NONBLOCK RANDOM INSECURE");
export const EPOLL_COMMANDS: Names = numbered("EPOLL_CTL_", "- ADD DEL MOD");
export const EPOLL_EVENTS: Names = [
  ...numberedBits("EPOLL", "IN PRI OUT ERR HUP - RDNORM RDBAND WRNORM WRBAND MSG - - RDHUP"),
  ["EPOLLEXCLUSIVE", 2 ** 28],
  ["EPOLLWAKEUP", 2 ** 29],
  ["EPOLLONESHOT", 2 ** 30],
  ["EPOLLET", 2 ** 31],
];
export const POLL_EVENTS: Names = declared(poll, /^POLL(?!FD)/);
export const PROCESS_OPTIONS: Names = [
  ["PR_SET_PDEATHSIG", 1],
  ["PR_GET_PDEATHSIG", 2],
  ["PR_GET_DUMPABLE", 3],
  ["PR_SET_DUMPABLE", 4],
  ["PR_GET_KEEPCAPS", 7],
  ["PR_SET_KEEPCAPS", 8],
  ["PR_SET_NAME", 15],
  ["PR_GET_NAME", 16],
  ["PR_GET_SECCOMP", 21],
  ["PR_SET_SECCOMP", 22],
  ["PR_CAPBSET_READ", 23],
  ["PR_CAPBSET_DROP", 24],
  ["PR_SET_TIMERSLACK", 29],
  ["PR_GET_TIMERSLACK", 30],
  ["PR_SET_MM", 35],
  ["PR_SET_CHILD_SUBREAPER", 36],
  ["PR_GET_CHILD_SUBREAPER", 37],
  ["PR_SET_NO_NEW_PRIVS", 38],
  ["PR_GET_NO_NEW_PRIVS", 39],
  ["PR_CAP_AMBIENT", 47],
  ["PR_SET_VMA", 0x53564d41],
];
export const FUTEX_COMMANDS: Names = numbered(
  "FUTEX_",
  "WAIT WAKE FD REQUEUE CMP_REQUEUE WAKE_OP LOCK_PI UNLOCK_PI TRYLOCK_PI WAIT_BITSET WAKE_BITSET " +
    "WAIT_REQUEUE_PI CMP_REQUEUE_PI LOCK_PI2",
);

const IS_DEVICE_COMMAND = /^(TC|TIOC|FIO)/;
export const DEVICE_COMMANDS: Names = [
  ...declared(termios, IS_DEVICE_COMMAND),
  ["TCXONC", 0x540a],
  ["TCFLSH", 0x540b],
  ["TIOCSCTTY", 0x540e],
  ["TIOCSWINSZ", 0x5414],
  ["TIOCNOTTY", 0x5422],
  ["FIONBIO", 0x5421],
  ["TIOCGSID", 0x5429],
  ["TIOCGPTN", 0x80045430],
  ["TIOCSPTLCK", 0x40045431],
];
export const INPUT_MODES: Names = numberedBits(
  "",
  "IGNBRK BRKINT IGNPAR PARMRK INPCK ISTRIP INLCR IGNCR ICRNL IUCLC IXON IXANY IXOFF IMAXBEL IUTF8",
);
export const OUTPUT_MODES: Names = numberedBits("", "OPOST OLCUC ONLCR OCRNL ONOCR ONLRET OFILL");
export const CHARACTER_SIZES: Names = [
  ["CS5", 0],
  ["CS6", 0x10],
  ["CS7", 0x20],
  ["CS8", 0x30],
];
export const CONTROL_MODES: Names = numberedBits(
  "",
  "- - - - - - CSTOPB CREAD PARENB PARODD HUPCL CLOCAL",
);
export const LOCAL_MODES: Names = [
  ...numberedBits("", "ISIG ICANON XCASE ECHO ECHOE ECHOK ECHONL NOFLSH TOSTOP"),
  ["IEXTEN", 0x8000],
  ["ECHOCTL", 0x200],
  ["ECHOPRT", 0x400],
  ["ECHOKE", 0x800],
  ["FLUSHO", 0x1000],
  ["PENDIN", 0x4000],
];
export const SPEEDS: Names = [
  ...numbered("B", "0 50 75 110 134 150 200 300 600 1200 1800 2400 4800 9600 19200 38400"),
  ["B57600", 0x1001],
  ["B115200", 0x1002],
  ["B230400", 0x1003],
];

/** Names of bit 0, bit 1, …; a `-` stands for nothing. */
function numberedBits(prefix: string, names: string): Names {
  return names
    .split(" ")
    .map((name, bit) => [name, 2 ** bit] as const)
    .filter(([name]) => name !== "-")
    .map(([name, value]) => [prefix + name, value] as const);
}

/** SIGINT, SIGRT_1, or the number. */
export function signalName(signal: number): string {
  if (signal === 0) return "0";
  const name = nameOf(SIGNAL_NAMES, signal);
  if (name !== undefined) return name;
  if (signal < FIRST_REAL_TIME || signal > SIGNAL_MAX) return `${signal | 0}`;
  return signal === FIRST_REAL_TIME ? "SIGRTMIN" : `SIGRT_${signal - FIRST_REAL_TIME}`;
}

/** Why a signal came. */
export function signalCode(signal: number, code: number): string {
  const own = code > 0 ? CODES_BY_SIGNAL[signalName(signal)] : undefined;
  const name = nameOf(own ?? [], code) ?? nameOf(SIGNAL_CODES, code);
  return name ?? hexadecimal(code);
}

/** `[INT CHLD]`, or what is not in it if that is less: `~[KILL]`. */
export function signalSet(bytes: Uint8Array): string {
  const all = Array.from({ length: bytes.length * 8 }, (_, bit) => bit + 1);
  const isIn = (signal: number) =>
    (((bytes[(signal - 1) >> 3] ?? 0) >> ((signal - 1) & 7)) & 1) === 1;
  const inside = all.filter(isIn);
  const isMost = inside.length >= (all.length * 2) / 3;
  const named = isMost ? all.filter((signal) => !isIn(signal)) : inside;
  const names = named.map((signal) => signalName(signal).slice("SIG".length));
  return `${isMost ? "~" : ""}[${names.join(" ")}]`;
}
