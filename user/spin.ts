// spin: an endless loop without a system call. Only the timer can take the processor from it.

import * as x86 from "../src/abi/x86";
import { wantsHelp } from "./runtime/arguments";

const USAGE = `usage: spin
Loops for ever without a system call; end it with ^C.`;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  while (true) x86.pause();
}
