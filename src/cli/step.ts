// isthmus step: shows one system call, instruction by instruction, through both address spaces
//
//   npx isthmus step [--machine v86|qemu|grub] [--memory MiB] [--call NAME] [--count N] [--json]
//                    [--kernel FILE --initramfs FILE] [[--] PROGRAM ARGS…]
//
// Boots the machine, runs PROGRAM to its first system call (by default crossing, to getppid), and
// follows it from the int 0x80 through the trampoline and the kernel to the program's next
// instruction. Each line says which space is loaded, where the instruction is, what it is, and
// which registers it changed; the lines above them say which function and source line it comes
// from. Time stands still for the guest's devices meanwhile, so no interrupt gets in between.
//
// Options
//   --call NAME        the first call of that name, by whichever process: getpid, write, …
//   --count N          at most N instructions; default 2000
//   --machine NAME     v86 (default), qemu or grub
//   --memory MIB       the guest's memory; default 64
//   --json             prints one JSON document: machine, process (pid, name), call (number, name),
//                      steps (address, space, cr3, text, symbol, place: file, line; changed: new
//                      values by register), end (returned, count, waits, other process, ended),
//                      result. Numbers are decimal
//   --kernel FILE      boots this kernel; its iret to user mode has the symbol exit_iret
//   --initramfs FILE   the module for it
//
// Example
//   $ npx isthmus step
//   getppid by crossing (pid 1) on v86
//
//   system_call_entry:
//     ; kernel/machine/i686/trampoline.asm.ts:179
//     user    ffffd869  push   eax                                  esp=fffff1e8
//     …
//     ; kernel/machine/i686/trampoline.asm.ts:234
//     user    ffffd878  mov    cr3,eax                              cr3=0015e000
//     ------  CR3 = 0015e000: the kernel's space
//     ; kernel/machine/i686/trampoline.asm.ts:202
//     kernel  ffffd87b  mov    eax,esp                              eax=fffff1e8
//     …
//   60 instructions, 2 changes of CR3, result 0; back in the program
//
// Exit status: 0 printed; 1 the run ended, or a minute passed, without such a call; 2 the machine
// could not be stepped.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SystemCall } from "../abi/linux/i386";
import { Diagnostic } from "../base/diagnostic";
import { type CallTrace, type TracedFiles, traceCall } from "../inspect/call-trace";
import { traceLines } from "../inspect/call-trace-text";
import { CodeFile } from "../inspect/code-file";
import { readArchive } from "../machine/initramfs";
import type { Machine } from "../machine/machine";
import { openMachine } from "../machine/open-machine";
import { BOOT_OPTIONS, type BootSettings, bootSettings } from "./boot-settings";
import { type Command, type CommandLine, UsageError } from "./command";
import { complain, patiently, print, printJson, style } from "./terminal";

/** What is shown if nothing is named: the shortest call that there is. */
const DEFAULT_PROGRAM = ["crossing"];
const DEFAULT_CALL = "getppid";
const DEFAULT_COUNT = 2000;
const COUNT_LIMITS = { min: 1, max: 1_000_000 };
const TIMEOUT_MS = 60_000;
const STATUS_NOT_SEEN = 1;

export const command: Command = {
  options: {
    ...BOOT_OPTIONS,
    call: { type: "string" },
    count: { type: "string" },
    json: { type: "boolean" },
  },
  takesProgram: true,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const isNamed = line.program.length > 0 || line.value("kernel") !== undefined;
  const name = line.value("call") ?? (isNamed ? undefined : DEFAULT_CALL);
  const number = callNumber(name);
  const count = line.count("count", COUNT_LIMITS, DEFAULT_COUNT);
  const settings = await bootSettings(line, { program: DEFAULT_PROGRAM, kernelOptions: ["quiet"] });
  const files = tracedFiles(settings);
  const machine = openMachine(settings.machine, settings.options, { gdb: true });
  try {
    await machine.start({ stopped: true });
    const what = `booting ${settings.machine}, and looking for the call`;
    const trace = await patiently(what, () => inTime(traceCall(machine, files, { number, count })));
    if (!trace) {
      complain(notSeen(machine, name));
      return STATUS_NOT_SEEN;
    }
    if (line.flag("json")) printJson(trace);
    else for (const text of traceLines(trace, style)) print(text);
    return 0;
  } finally {
    await machine.close();
  }
}

function callNumber(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const names = Object.values(SystemCall).filter((each) => typeof each === "string");
  const number = SystemCall[name as keyof typeof SystemCall];
  if (typeof number === "number") return number;
  throw new UsageError(`--call is ${name}, not the name of a system call`, name, names);
}

function tracedFiles({ options, kernelPath, project }: BootSettings): TracedFiles {
  const known = new Map<string, CodeFile | undefined>();
  const archive = options.initramfs ? readArchive(options.initramfs) : [];
  const read = (name: string) => {
    // The build leaves a file with debug information beside the one that the guest loads.
    const path = project && join(project.output, "user", `${name}.elf`);
    if (path && existsSync(path)) return new CodeFile(readFileSync(path), path);
    const entry = archive.find((each) => each.kind === "file" && each.name.endsWith(`/${name}`));
    return entry && new CodeFile(entry.data, entry.name);
  };
  return {
    kernel: new CodeFile(options.kernel, kernelPath),
    program(name) {
      if (!known.has(name)) known.set(name, read(name));
      return known.get(name);
    },
  };
}

/** The trace, or undefined once time is up: to close the machine then ends the search. */
async function inTime(trace: Promise<CallTrace | undefined>): Promise<CallTrace | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), TIMEOUT_MS);
  });
  try {
    return await Promise.race([trace, timeout]);
  } finally {
    clearTimeout(timer);
    trace.catch(() => {});
  }
}

function notSeen(machine: Machine, name: string | undefined): Diagnostic {
  const what = name ? `the call ${name}` : "a system call";
  const said = machine.serial.text().trimEnd().split("\n").at(-1)?.trim();
  return new Diagnostic(
    "CLI010",
    `no process made ${what}; the guest said: ${said || "nothing"}`,
    "See which calls the program makes: `npx isthmus run --trace -- PROGRAM`",
  );
}
