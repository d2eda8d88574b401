// hello: prints where it runs.

import { readesp } from "../src/abi/x86";
import { wantsHelp } from "./runtime/arguments";
import { print, printDecimal, printHex, printLine } from "./runtime/output";
import { getpid } from "./runtime/system-calls";
import * as symbols from "./symbols";

const USAGE = `usage: hello
Says where it runs: its process, and addresses of its code and stack.`;

const data: usize = memory.data(4);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  print("Hello from TypeScript in ring 3, process ");
  printDecimal(getpid());
  printLine(".");
  print("  code at  ");
  printHex(symbols.main());
  print("\n  data at  ");
  printHex(data);
  print("\n  stack at ");
  printHex(readesp());
  printLine("");
  return 0;
}
