// isthmus syscalls: lists the Linux system calls that the kernel serves
//
//   npx isthmus syscalls [--json]
//
// Builds the kernel if it is not up to date, and prints its own table: number, name, arguments. Any
// other number gives -ENOSYS and a line in the kernel's log.
//
// An argument is an integer, a file (a descriptor), a size, flags, a path, input (bytes that the
// kernel reads) or output (bytes that it fills), each with the size after it, a pointer to a
// structure, or an address.
//
// Options
//   --json       prints number, name and arguments of each
//
// Example
//   $ npx isthmus syscalls
//     3  read(file, output, size)
//     4  write(file, input, size)
//     5  open(path, flags, flags)
//
// Exit status: 0 listed; 2 the sources have errors, or the kernel has no table of system calls.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildProject } from "./build-project";
import type { Command, CommandLine } from "./command";
import { projectHere } from "./project-here";
import { type ServedCall, SYSTEM_CALLS_FILE } from "./system-calls-file";
import { print, printJson } from "./terminal";
import { noTable } from "./trace-run";

export const command: Command = {
  options: { json: { type: "boolean" } },
  run: syscalls,
};

async function syscalls(line: CommandLine): Promise<number> {
  const { output } = await buildProject(projectHere(), { force: false });
  const path = join(output, SYSTEM_CALLS_FILE);
  if (!existsSync(path)) throw noTable();
  const calls: ServedCall[] = JSON.parse(readFileSync(path, "utf8"));
  if (line.flag("json")) printJson(calls);
  else for (const call of calls) print(describe(call));
  return 0;
}

function describe({ number, name, arguments: kinds }: ServedCall): string {
  return `${String(number).padStart(4)}  ${name}(${kinds.join(", ")})`;
}
