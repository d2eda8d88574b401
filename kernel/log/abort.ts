// Where AssemblyScript's own checks end: a failed assertion, or a null where `!` promised a value.

import { print } from "./log";
import { panic } from "./panic";

/** Called by compiled code; `message` and `file` are strings of AssemblyScript's, or null. */
export function abort(message: usize, file: usize, line: u32, column: u32): void {
  print(cstr("assertion failed: %S, %S:%u:%u\n"), <u32>message, <u32>file, line, column);
  panic(cstr("abort: an assertion failed"));
}
