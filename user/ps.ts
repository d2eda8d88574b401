// ps: the processes, as the kernel lists them in /dev/processes.

import { O_RDONLY } from "../src/abi/files";
import { refuse, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { printBytes, printLine } from "./runtime/output";
import { open, read } from "./runtime/system-calls";

const USAGE = `usage: ps
Lists all processes: R runs or could, S waits for something, Z has ended.`;
const BUFFER_SIZE: u32 = 512;

const buffer: usize = memory.data(512);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc > 1) return refuse(argv, 1, USAGE);
  const path = cstr("/dev/processes");
  const file = open(path, O_RDONLY, 0);
  if (file < 0) {
    complain("ps", path, file);
    return 1;
  }
  printLine("  PID  PPID GROUP S       KIB NAME");
  for (
    let size = read(file, buffer, BUFFER_SIZE);
    size > 0;
    size = read(file, buffer, BUFFER_SIZE)
  ) {
    printBytes(buffer, size);
  }
  return 0;
}
