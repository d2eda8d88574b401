// uptime: how long the machine has been running.

import { refuse, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { print, printByte, printDecimal, printLine } from "./runtime/output";
import { processCount, updateInformation, uptimeSeconds } from "./runtime/system-information";

const USAGE = `usage: uptime
Prints how long the machine has been running, as hours:minutes:seconds.`;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc > 1) return refuse(argv, 1, USAGE);
  const result = updateInformation();
  if (result !== 0) {
    complain("uptime", cstr("sysinfo"), result);
    return 1;
  }
  const seconds = uptimeSeconds();
  print("up ");
  printDecimal(seconds / 3600);
  printTwoDigits((seconds / 60) % 60);
  printTwoDigits(seconds % 60);
  print(", ");
  printDecimal(processCount());
  printLine(processCount() === 1 ? " process" : " processes");
  return 0;
}

function printTwoDigits(value: u32): void {
  printByte(0x3a);
  if (value < 10) printByte(0x30);
  printDecimal(value);
}
