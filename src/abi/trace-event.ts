// What the kernel tells of system calls when it traces: a line for each event.
//
//   [PID TICKS] call CALL A A A A A A CAPTURES     the call of this number begins
//   [PID TICKS] return CALL RESULT CAPTURES        it has returned to PID
//   [PID TICKS] signal NUMBER CODE PID USER VALUE  a signal is delivered: siginfo's fields
//   [PID TICKS] end STATUS                         a thread has ended with this wait status
//
// PID is the number of the thread: of a process's first one, the process's. It is decimal, every
// other number hexadecimal without a prefix; a result is 32 bits, so an error is fffffffe. TICKS is
// the processor's time stamp. CAPTURES are bytes of the program's memory that belong to arguments,
// as their kinds say (linux/argument-kinds.ts):
//
//   2="BYTES"        what argument 2 (from 0) leads to
//   2.0="BYTES"      what its element 0 leads to
//   2#3              how many elements there are
//
// In BYTES everything but printable ASCII is `\` and two hexadecimal digits; so are `"` and `\`.
// The lines go to the log (`trace`), where a person can read them, or to the debug console
// (`trace-port`), where src/trace/ makes them what strace prints. An address that cannot be read
// has no capture.

/** Bytes of a buffer that are captured, unless `trace-strings=N` says otherwise. */
export const TRACE_STRING_SIZE: u32 = 32;
/** `trace-strings=N` is at most this. */
export const TRACE_STRING_SIZE_MAX: u32 = 4096;
/** Elements of an array that are captured. */
export const TRACE_ELEMENTS: u32 = 32;

/** Whether `byte` stands for itself between quotes. */
export function isPrintableByte(byte: u32): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
}
