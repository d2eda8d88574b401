// Signal numbers of Linux on i386, and the status words in which waitpid reports them.
//
//   wait status   |31       16|15      8|7         |6     0|
//                 |     0     | code    | core (0) | signal|   exited: signal is 0
//
//                 | signal that stopped    | 0x7f           |   stopped
//                 | 0xffff                                  |   continued
//
// See signal(7), sigaction(2) and wait(2).

export const SIGHUP: u32 = 1;
export const SIGINT: u32 = 2;
export const SIGQUIT: u32 = 3;
export const SIGILL: u32 = 4;
export const SIGTRAP: u32 = 5;
export const SIGABRT: u32 = 6;
export const SIGBUS: u32 = 7;
export const SIGFPE: u32 = 8;
export const SIGKILL: u32 = 9;
export const SIGUSR1: u32 = 10;
export const SIGSEGV: u32 = 11;
export const SIGUSR2: u32 = 12;
export const SIGPIPE: u32 = 13;
export const SIGALRM: u32 = 14;
export const SIGTERM: u32 = 15;
export const SIGCHLD: u32 = 17;
export const SIGCONT: u32 = 18;
export const SIGSTOP: u32 = 19;
export const SIGTSTP: u32 = 20;
export const SIGTTIN: u32 = 21;
export const SIGTTOU: u32 = 22;
export const SIGURG: u32 = 23;
export const SIGXCPU: u32 = 24;
export const SIGXFSZ: u32 = 25;
export const SIGVTALRM: u32 = 26;
export const SIGPROF: u32 = 27;
export const SIGWINCH: u32 = 28;
/** The first real-time signal: each one that is sent is delivered. */
export const SIGRTMIN: u32 = 32;
/** The highest signal number. */
export const SIGNAL_MAX: u32 = 64;

/** In place of a handler's address. */
export const SIG_DFL: u32 = 0;
export const SIG_IGN: u32 = 1;

export const SA_NOCLDSTOP: u32 = 1;
export const SA_NOCLDWAIT: u32 = 2;
export const SA_SIGINFO: u32 = 4;
export const SA_RESTORER: u32 = 0x04000000;
export const SA_ONSTACK: u32 = 0x08000000;
export const SA_RESTART: u32 = 0x10000000;
export const SA_NODEFER: u32 = 0x40000000;
export const SA_RESETHAND: u32 = 0x80000000;

export const SIG_BLOCK: u32 = 0;
export const SIG_UNBLOCK: u32 = 1;
export const SIG_SETMASK: u32 = 2;

export const SS_ONSTACK: u32 = 1;
export const SS_DISABLE: u32 = 2;
export const MINSIGSTKSZ: u32 = 2048;

/** Why a signal came: si_code. */
export const SI_USER: i32 = 0;
export const SI_KERNEL: i32 = 0x80;
export const SI_QUEUE: i32 = -1;
export const SI_TIMER: i32 = -2;
export const SI_TKILL: i32 = -6;
export const CLD_EXITED: i32 = 1;
export const CLD_KILLED: i32 = 2;
export const CLD_STOPPED: i32 = 5;
export const CLD_CONTINUED: i32 = 6;
export const SEGV_MAPERR: i32 = 1;
export const SEGV_ACCERR: i32 = 2;

/** The wait status of a process that `signal` stopped. */
export function stoppedStatus(signal: u32): u32 {
  return (signal << 8) | 0x7f;
}

/** The wait status of a process that runs on. */
export const CONTINUED_STATUS: u32 = 0xffff;

export const WNOHANG: u32 = 1;
export const WUNTRACED: u32 = 2;
export const WEXITED: u32 = 4;
export const WCONTINUED: u32 = 8;
export const WNOWAIT: u32 = 0x01000000;
/** Which children: of the calling thread alone; of any kind; those that do not end with SIGCHLD. */
export const WNOTHREAD: u32 = 0x20000000;
export const WALL: u32 = 0x40000000;
export const WCLONE: u32 = 0x80000000;
export const WAIT_KINDS: u32 = WNOTHREAD | WALL | WCLONE;

/** The wait status of a process that called exit(`code`). */
export function exitedStatus(code: u32): u32 {
  return (code & 0xff) << 8;
}

/** The wait status of a process that `signal` ended. */
export function signaledStatus(signal: u32): u32 {
  return signal & 0x7f;
}

/** True for the wait status of a process that was stopped. */
export function isStopped(status: u32): boolean {
  return (status & 0xff) === 0x7f;
}

/** What a shell reports for a wait status: the exit code, or 128 + the signal. */
export function shellStatus(status: u32): u32 {
  const signal = isStopped(status) ? (status >>> 8) & 0xff : status & 0x7f;
  return signal !== 0 ? 128 + signal : (status >>> 8) & 0xff;
}

/** True for the signals whose default action is to do nothing. */
export function isIgnoredByDefault(signal: u32): boolean {
  return signal === SIGCHLD || signal === SIGCONT || signal === SIGURG || signal === SIGWINCH;
}

/** True for the signals whose default action is to stop the process. */
export function isStopSignal(signal: u32): boolean {
  return signal >= SIGSTOP && signal <= SIGTTOU;
}
