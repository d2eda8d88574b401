// echo [-n] [TEXT...]: prints its arguments, separated by spaces.

import { argument, equals, wantsHelp } from "./runtime/arguments";
import { flush, printByte, printC } from "./runtime/output";

const USAGE = `usage: echo [-n] [TEXT...]
Prints its arguments and a newline.
  -n  without the newline`;
const SPACE: u32 = 0x20;
const NEWLINE: u32 = 0x0a;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const newline = !(argc > 1 && equals(argument(argv, 1), "-n"));
  const first = newline ? 1 : 2;
  for (let i = first; i < argc; i++) {
    if (i > first) printByte(SPACE);
    printC(argument(argv, i));
  }
  if (newline) printByte(NEWLINE);
  flush();
  return 0;
}
