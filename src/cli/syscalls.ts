// isthmus syscalls: lists the Linux system calls that the kernel serves
//
//   npx isthmus syscalls [--all] [--json]
//
// Builds the kernel if it is not up to date, and prints its own table: number, name, arguments, and
// what the call does not do, if Linux's does more. Any other number gives -ENOSYS and a line in the
// kernel's log, once for each process.
//
// An argument is an integer, a file (a descriptor), a size, flags, a path, input (bytes that the
// kernel reads) or output (bytes that it fills), each with the size after it, a pointer to a
// structure, an address, or something that its name says: open flags, a signal, a status.
//
// Options
//   --all        lists the calls of Linux 6.1 that the kernel does not serve, too, and what they
//                give
//   --json       prints number, name, arguments and limits of each, and the answer if it is not
//                served
//
// Example
//   $ npx isthmus syscalls
//     3  read(file, output, size)
//     4  write(file, input, size)
//     5  open(path, open flags, mode)
//        O_DIRECT, O_SYNC and O_ASYNC change nothing
//
// Exit status: 0 listed; 2 the sources have errors, or the kernel has no table of system calls.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LINUX_CALLS } from "../trace/linux-calls";
import { buildProject } from "./build-project";
import type { Command, CommandLine } from "./command";
import { projectHere } from "./project-here";
import { SYSTEM_CALL_LIMITS } from "./system-call-limits";
import { type ServedCall, SYSTEM_CALLS_FILE } from "./system-calls-file";
import { print, printJson } from "./terminal";
import { noTable } from "./trace-run";

export const command: Command = {
  options: { all: { type: "boolean" }, json: { type: "boolean" } },
  run: syscalls,
};

/** A call of Linux's, as --json prints it. */
interface ListedCall extends ServedCall {
  /** What it does not do. */
  readonly limits?: string;
  /** What it gives, if the kernel does not serve it. */
  readonly answer?: "ENOSYS";
}

async function syscalls(line: CommandLine): Promise<number> {
  const { output } = await buildProject(projectHere(), { force: false });
  const path = join(output, SYSTEM_CALLS_FILE);
  if (!existsSync(path)) throw noTable();
  const served: ServedCall[] = JSON.parse(readFileSync(path, "utf8"));
  const calls = line.flag("all") ? withOthers(served) : served.map(withLimits);
  if (line.flag("json")) printJson(calls);
  else for (const call of calls) for (const text of describe(call)) print(text);
  return 0;
}

function withLimits(call: ServedCall): ListedCall {
  const limits = SYSTEM_CALL_LIMITS[call.name];
  return limits === undefined ? call : { ...call, limits };
}

/** All calls that Linux has, by number. */
function withOthers(served: readonly ServedCall[]): ListedCall[] {
  const numbers = new Set(served.map(({ number }) => number));
  const others = [...LINUX_CALLS].filter(([number]) => !numbers.has(number));
  const missing = others.map(
    ([number, name]): ListedCall => ({ number, name, arguments: [], answer: "ENOSYS" }),
  );
  return [...served.map(withLimits), ...missing].sort((a, b) => a.number - b.number);
}

function describe({ number, name, arguments: kinds, limits, answer }: ListedCall): string[] {
  const start = `${String(number).padStart(4)}  ${name}`;
  if (answer !== undefined) return [`${start}: ${answer}`];
  const call = `${start}(${kinds.join(", ")})`;
  return limits === undefined ? [call] : [call, `        ${limits}`];
}
