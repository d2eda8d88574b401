// What a failed assertion calls: AssemblyScript's `assert`, or a null where `!` promised a value.

import { print } from "../console";
import { finish } from "../system-call";

/** `message` and `file` are strings of AssemblyScript's, which the console does not print. */
export function abort(_message: usize, _file: usize, _line: u32, _column: u32): void {
  print(cstr("kernel: an assertion failed\n"));
  finish(cstr("panic assertion "), 0);
}
