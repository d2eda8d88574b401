// Checks of what system calls answer, for programs that compare this kernel with Linux.
//
//   expect(cstr("close, closed"), call(SystemCall.close, 9), -EBADF);
//   …
//   return report();

import { SystemCall } from "../../src/abi/linux/i386";
import { int80 } from "../../src/abi/x86";
import { flush, print, printC, printDecimal, printLine, printSigned } from "./output";

const word: usize = memory.data(8, 8);

let checks: u32 = 0;
let failures: u32 = 0;

/** A system call, as the kernel answers it: a value or a negative errno. */
export function call(
  number: i32,
  a: i32 = 0,
  b: i32 = 0,
  c: i32 = 0,
  d: i32 = 0,
  e: i32 = 0,
  f: i32 = 0,
): i32 {
  return int80(number, a, b, c, d, e, f);
}

/** fork(2), with nothing left to print twice. */
export function fork(): i32 {
  flush();
  return call(SystemCall.fork);
}

/** Waits for a child; returns its wait status. */
export function statusOf(child: i32): i32 {
  store<u32>(word, 0x55555555);
  call(SystemCall.waitpid, child, word, 0);
  return load<u32>(word);
}

/** Counts an answer, and prints what it is about if it is wrong. */
export function expect(what: usize, got: i32, wanted: i32): void {
  checks++;
  if (got === wanted) return;
  failures++;
  printC(what);
  print(": ");
  printSigned(got);
  print(" instead of ");
  printSigned(wanted);
  printLine("");
}

/** For a process that was forked: only what it asks itself counts. */
export function forgetAnswers(): void {
  checks = 0;
  failures = 0;
}

/** The status of a process that says nothing but what was wrong. */
export function verdict(): i32 {
  flush();
  return failures === 0 ? 0 : 1;
}

/** Prints how many answers were wrong; the status to end with. */
export function report(): i32 {
  printDecimal(checks);
  print(" answers, ");
  printDecimal(failures);
  printLine(" of them wrong");
  return failures === 0 ? 0 : 1;
}
