// What a failed assertion or a `throw` does: a message with the place, and exit status 134.
//
// That is 128 + SIGABRT, what a shell reports for a program that called abort(3).

import { print, printDecimal, STANDARD_ERROR, use } from "./output";
import { exit } from "./system-calls";

const STATUS: i32 = 134;

/** Called by compiled code; strings may be null. Does not return. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  use(STANDARD_ERROR);
  print("aborted: ");
  print(message ? message : "no reason was given");
  print(" (");
  print(file ? file : "?");
  print(":");
  printDecimal(line);
  print(":");
  printDecimal(column);
  print(")\n");
  exit(STATUS);
}
