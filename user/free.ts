// free: how much of the machine's memory is in use.

import { refuse, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { print, printColumn, printLine } from "./runtime/output";
import { freeBytes, totalBytes, updateInformation } from "./runtime/system-information";

const USAGE = `usage: free
Prints memory in KiB and in page frames of 4 KiB.`;
const KIB_SHIFT: u64 = 10;
const FRAME_SHIFT: u64 = 12;
const WIDTH: u32 = 12;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc > 1) return refuse(argv, 1, USAGE);
  const result = updateInformation();
  if (result !== 0) {
    complain("free", cstr("sysinfo"), result);
    return 1;
  }
  printLine("              total        used        free");
  printRow("KiB   ", KIB_SHIFT);
  printRow("frames", FRAME_SHIFT);
  return 0;
}

function printRow(title: string, shift: u64): void {
  const total = <u32>(totalBytes() >> shift);
  const unused = <u32>(freeBytes() >> shift);
  print(title);
  printColumn(total, WIDTH + 1);
  printColumn(total - unused, WIDTH);
  printColumn(unused, WIDTH);
  printLine("");
}
