// crossing: makes system calls and checks that each gives back every register as it was.
//
// The tests interrupt it at each instruction between int 0x80 and the return, and count those
// instructions.

import { SystemCall } from "../src/abi/linux/i386";
import {
  USER_DESC_32BIT,
  USER_DESC_ANY,
  USER_DESC_BASE,
  USER_DESC_FLAGS,
  USER_DESC_IN_PAGES,
  USER_DESC_LIMIT,
  USER_DESC_SIZE,
  USER_DESC_USEABLE,
} from "../src/abi/linux/user-desc";
import { int80 } from "../src/abi/x86";
import { argument, parseDecimal, refuse, wantsHelp } from "./runtime/arguments";
import { print, printDecimal, printLine } from "./runtime/output";

const USAGE = `usage: crossing [COUNT]
Makes COUNT (100) calls of getppid(2); fails if one changes a register.`;

declare function use_segment(selector: u32): void;
declare function cross(number: u32, out: usize): i32;

const changed: usize = memory.data(4);
const userDesc: usize = memory.data(USER_DESC_SIZE, 4);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const count = argc > 1 ? parseDecimal(argument(argv, 1)) : 100;
  if (argc > 2 || count < 0) return refuse(argv, argc > 2 ? 2 : 1, USAGE);
  useOwnSegment();
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

/** Makes a segment, as C libraries do for each thread, and loads FS and GS with it. */
function useOwnSegment(): void {
  store<u32>(userDesc, USER_DESC_ANY);
  store<u32>(userDesc, <u32>userDesc, USER_DESC_BASE);
  store<u32>(userDesc, 0xfffff, USER_DESC_LIMIT);
  store<u32>(userDesc, USER_DESC_32BIT | USER_DESC_IN_PAGES | USER_DESC_USEABLE, USER_DESC_FLAGS);
  if (int80(SystemCall.set_thread_area, userDesc, 0, 0, 0, 0, 0) === 0) {
    use_segment((load<u32>(userDesc) << 3) | 3);
  }
}
