// sleep SECONDS: does nothing for a while.

import { argument, parseDecimal, refuse, STATUS_USAGE, wantsHelp } from "./runtime/arguments";
import { printLine, STANDARD_ERROR, use } from "./runtime/output";
import { nanosleep } from "./runtime/system-calls";

const USAGE = `usage: sleep SECONDS
Waits for a whole number of seconds.`;

const request: usize = memory.data(8, 4);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2) {
    use(STANDARD_ERROR);
    printLine(USAGE);
    return STATUS_USAGE;
  }
  const seconds = parseDecimal(argument(argv, 1));
  if (seconds < 0) return refuse(argv, 1, USAGE);
  store<u32>(request, seconds);
  return nanosleep(request, 0) === 0 ? 0 : 1;
}
