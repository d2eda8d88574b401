// isthmus run: boots the kernel; this terminal is its serial line
//
//   npx isthmus run [--machine v86|qemu|grub] [--memory MiB] [--timeout S]
//                   [--kernel FILE] [--initramfs FILE] [--verbose] [--trace] [--gdb]
//                   [[--] PROGRAM ARGS…]
//
// Builds what is not up to date, then boots. Without PROGRAM the guest runs its shell. Input from a
// pipe or a file is passed on without echo, and its end as ^D.
//
// Options
//   --machine NAME     v86 (default) needs nothing installed; qemu; grub: QEMU, from a GRUB image
//   --memory MIB       the guest's memory; default 64
//   --timeout S        ends the run after S seconds
//   --kernel FILE      boots this Multiboot ELF file instead of the project's kernel
//   --initramfs FILE   the module to hand to the kernel, with or without --kernel; ours wants a
//                      cpio archive
//   --verbose          shows what the kernel says while it boots
//   --trace            shows every system call
//   --gdb              with --machine qemu: waits for GDB before the first instruction, and prints
//                      what to type; gdb then knows functions and lines of TypeScript
//
// Keys, at a terminal
//   ^A x               leaves
//   ^A ^A              sends ^A
//
// Exit status: the program's own (128 + signal if it was killed); 2 usage or unusable input; 124
// timed out, 125 the kernel panicked or the machine died, 130 left by ^A x.

import { relative } from "node:path";
import { nearestName } from "../base/nearest-name";
import { programNames } from "../machine/initramfs";
import type { Ending, Machine } from "../machine/machine";
import { openMachine } from "../machine/open-machine";
import { BOOT_OPTIONS, type BootSettings, bootSettings } from "./boot-settings";
import { type Command, type CommandLine, UsageError } from "./command";
import { ConsoleInput } from "./console-input";
import { progress } from "./terminal";

const STATUS_TIMEOUT = 124;
const STATUS_PANIC = 125;
/** The kernel's, and the shell's, for a program that is not there. */
const STATUS_NOT_FOUND = 127;
const STATUS_LEFT = 130;
/** Where GDB's users expect a kernel: QEMU's `-s`. */
const DEBUGGER = "tcp:127.0.0.1:1234";
const TIMEOUT_LIMITS = { min: 1, max: 86_400 };

type Outcome = Ending | { readonly kind: "timeout" } | { readonly kind: "left" };

export const command: Command = {
  options: {
    ...BOOT_OPTIONS,
    timeout: { type: "string" },
    verbose: { type: "boolean" },
    trace: { type: "boolean" },
    gdb: { type: "boolean" },
  },
  takesProgram: true,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const seconds = line.count("timeout", TIMEOUT_LIMITS, undefined);
  const kernelOptions = kernelOptionsOf(line);
  const isDebugged = line.flag("gdb");
  if (isDebugged && line.value("machine") !== "qemu") {
    throw new UsageError("--gdb works only with --machine qemu");
  }
  const input = new ConsoleInput();
  input.open();
  try {
    const prepared = bootSettings(line, { kernelOptions });
    const settings = await Promise.race([prepared, input.left]);
    if (settings === undefined) leaveBuild(input);
    const debuggerAt = isDebugged ? { debuggerAt: DEBUGGER } : {};
    const machine = openMachine(settings.machine, settings.options, debuggerAt);
    machine.serial.onOutput((bytes) => process.stdout.write(bytes));
    const outcome = await boot(machine, input, seconds, isDebugged ? settings : undefined);
    const status = report(outcome, machine, seconds);
    if (status === STATUS_NOT_FOUND) suggestProgram(line.program[0], settings.options.initramfs);
    return status;
  } finally {
    input.close();
  }
}

/** The build goes on until its processes are ended, which happens when this one exits. */
function leaveBuild(input: ConsoleInput): never {
  input.close();
  process.exit(STATUS_LEFT);
}

/** Runs the machine to its end. */
async function boot(
  machine: Machine,
  input: ConsoleInput,
  seconds: number | undefined,
  debugged: BootSettings | undefined,
): Promise<Outcome> {
  const timer = seconds === undefined ? undefined : new Timer(seconds * 1000);
  try {
    input.connect(machine.serial);
    await machine.start();
    if (debugged) progress(debuggerCommand(debugged.kernelPath));
    return await firstOf(machine, input, timer);
  } finally {
    timer?.cancel();
    input.close();
    await machine.close();
  }
}

/** Says which program was meant, if the one that was named is not in the initramfs. */
function suggestProgram(name: string | undefined, initramfs: Uint8Array | undefined): void {
  const programs = initramfs === undefined ? [] : programNames(initramfs);
  if (name === undefined || name.includes("/") || programs.includes(name)) return;
  const near = nearestName(name, programs);
  const meant = near === undefined ? `/bin has ${programs.join(", ")}` : `did you mean ${near}?`;
  if (programs.length > 0) progress(`isthmus: there is no program ${name}; ${meant}`);
}

/** What to type in another terminal, in this folder, where gdb finds the sources. */
function debuggerCommand(kernel: string): string {
  const path = relative(process.cwd(), kernel);
  return `waiting for: gdb ${path} -ex 'target remote ${DEBUGGER.slice("tcp:".length)}'`;
}

function kernelOptionsOf(line: CommandLine): string[] {
  return [
    ...(line.flag("verbose") ? [] : ["quiet"]),
    ...(line.flag("trace") ? ["trace"] : []),
    ...(process.stdin.isTTY ? [] : ["noecho"]),
  ];
}

class Timer {
  readonly expired: Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.expired = new Promise((resolve) => {
      this.#timer = setTimeout(resolve, ms);
    });
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

function firstOf(
  machine: Machine,
  input: ConsoleInput,
  timer: Timer | undefined,
): Promise<Outcome> {
  const outcomes: Promise<Outcome>[] = [
    machine.ended,
    input.left.then(() => ({ kind: "left" as const })),
  ];
  if (timer) outcomes.push(timer.expired.then(() => ({ kind: "timeout" as const })));
  return Promise.race(outcomes);
}

function report(outcome: Outcome, machine: Machine, seconds: number | undefined): number {
  const text = machine.serial.text();
  if (outcome.kind !== "exit" && text !== "" && !text.endsWith("\n")) process.stdout.write("\n");
  switch (outcome.kind) {
    case "exit":
      return outcome.status;
    case "off":
      return 0;
    case "panic":
      progress(`isthmus: the kernel panicked: ${outcome.text}`);
      return STATUS_PANIC;
    case "crash":
      progress(`isthmus: the machine died: ${outcome.text}`);
      return STATUS_PANIC;
    case "timeout":
      progress(`isthmus: timed out after ${seconds} s, as --timeout asked`);
      return STATUS_TIMEOUT;
    default:
      return STATUS_LEFT;
  }
}
