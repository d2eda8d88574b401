// Signal numbers of Linux on i386, and the status words in which waitpid reports them.
//
//   wait status   |31       16|15      8|7         |6     0|
//                 |     0     | code    | core (0) | signal|   exited: signal is 0
//
// There are no handlers: a signal ends a process or does nothing. See signal(7) and wait(2).

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
export const SIGWINCH: u32 = 28;
/** The highest signal number. */
export const SIGNAL_MAX: u32 = 64;

export const WNOHANG: u32 = 1;
export const WUNTRACED: u32 = 2;
export const WCONTINUED: u32 = 8;

/** The wait status of a process that called exit(`code`). */
export function exitedStatus(code: u32): u32 {
  return (code & 0xff) << 8;
}

/** The wait status of a process that `signal` ended. */
export function signaledStatus(signal: u32): u32 {
  return signal & 0x7f;
}

/** What a shell reports for a wait status: the exit code, or 128 + the signal. */
export function shellStatus(status: u32): u32 {
  const signal = status & 0x7f;
  return signal !== 0 ? 128 + signal : (status >>> 8) & 0xff;
}

/** True for the signals whose default action is to do nothing. */
export function isIgnoredByDefault(signal: u32): boolean {
  return signal === SIGCHLD || signal === SIGCONT || signal === SIGURG || signal === SIGWINCH;
}

/** True for the signals that stop a process: there is no job control, so they are refused. */
export function isStopSignal(signal: u32): boolean {
  return signal >= SIGSTOP && signal <= SIGTTOU;
}
