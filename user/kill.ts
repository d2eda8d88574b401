// kill [-SIGNAL] PID...: sends a signal, by default SIGTERM, to processes.

import { SIGTERM } from "../src/abi/signals";
import { argument, parseDecimal, refuse, STATUS_USAGE, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { printLine, STANDARD_ERROR, STANDARD_OUTPUT, use } from "./runtime/output";
import { kill } from "./runtime/system-calls";

const USAGE = `usage: kill [-SIGNAL] PID...
Sends a signal by number, 15 (SIGTERM) by default.`;
const DASH: u8 = 0x2d;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const hasSignal = argc > 1 && load<u8>(argument(argv, 1)) === DASH;
  const signal = hasSignal ? parseDecimal(argument(argv, 1) + 1) : <i32>SIGTERM;
  if (signal < 0) return refuse(argv, 1, USAGE);
  const first = hasSignal ? 2 : 1;
  if (first >= argc) {
    use(STANDARD_ERROR);
    printLine(USAGE);
    return STATUS_USAGE;
  }
  let status = 0;
  for (let i = first; i < argc; i++) {
    const pid = parseDecimal(argument(argv, i));
    if (pid <= 0) return refuse(argv, i, USAGE);
    const result = kill(pid, signal);
    if (result !== 0) complain("kill", argument(argv, i), result);
    else if (pid === 1 && signal !== 0) sayThatItIsIgnored();
    else continue;
    status = 1;
  }
  return status;
}

function sayThatItIsIgnored(): void {
  use(STANDARD_ERROR);
  printLine("kill: 1: process 1 ignores what others send; poweroff ends the machine");
  use(STANDARD_OUTPUT);
}
