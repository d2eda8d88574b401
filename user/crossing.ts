// crossing: makes system calls and checks that each gives back every register as it was.
//
// The tests interrupt it at each instruction between int 0x80 and the return, and count those
// instructions.

import { SystemCall } from "../src/abi/linux/i386";
import { argument, parseDecimal, refuse, wantsHelp } from "./runtime/arguments";
import { print, printDecimal, printLine } from "./runtime/output";

const USAGE = `usage: crossing [COUNT]
Makes COUNT (100) calls of getppid(2); fails if one changes a register.`;

declare function cross(number: u32, out: usize): i32;

const changed: usize = memory.data(4);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const count = argc > 1 ? parseDecimal(argument(argv, 1)) : 100;
  if (argc > 2 || count < 0) return refuse(argv, argc > 2 ? 2 : 1, USAGE);
  const expected = cross(SystemCall.getppid, changed);
  for (let i = 0; i < count; i++) {
    const result = cross(SystemCall.getppid, changed);
    if (result !== expected || load<u32>(changed) !== 0) {
      print("crossing: call ");
      printDecimal(i);
      printLine(" came back with other registers");
      return 1;
    }
  }
  printLine("crossing: every register came back");
  return 0;
}
