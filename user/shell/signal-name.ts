// The names of signals.

const NAMES =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP " +
  "TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

/** `SIGSEGV (11)` */
export function signalName(signal: u32): string {
  const names = NAMES.split(" ");
  const index = <i32>signal - 1;
  return index < names.length ? `SIG${names[index]} (${signal})` : `signal ${signal}`;
}
