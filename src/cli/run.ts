// isthmus run: boots the kernel; this terminal is its serial line
//
//   npx isthmus run [--machine v86|qemu|grub] [--firmware bios|uefi32|uefi64] [--board pc|q35]
//                   [--memory MiB] [--timeout S] [--initramfs FILE] [--screen FILE] [--pixels BITS]
//                   [--log FILE] [--verbose] [--trace[=FILE]] [--gdb] [[--] PROGRAM ARGS…]
//   npx isthmus run --root DIR [--bind HOST:GUEST] [--env A=B] [--cwd D] [--save DIR] [...]
//                   [[--] PROGRAM ARGS…]
//   npx isthmus run --kernel FILE [--force] [--machine …] [--memory MiB] [--timeout S]
//                   [--initramfs FILE] [--screen FILE] [--log FILE] [--gdb] [[--] COMMAND LINE…]
//
// Builds what is not up to date, then boots. Without PROGRAM the guest runs its shell. Input from a
// pipe or a file is passed on without echo, and its end as ^D.
//
// With --root the guest has the files of a folder: unmodified Linux programs for i386, say, as
// Debian's packages unpack. The folder is copied in when the machine starts, with modes, owners,
// links and times; without PROGRAM its /bin/sh runs. At the end --save writes back all that has
// changed, or nothing if it cannot; without it the end names what is lost. The guest's memory
// follows from the size of the files. Where DIR has none, there are /dev, /proc, /tmp, /etc/passwd
// and /etc/group.
//
// With --kernel it boots a kernel of yours: an ELF file or a flat image with a boot header, for
// i386 or x86-64, or a Linux bzImage. Machine and protocol follow from the file and from what is
// installed: QEMU's -kernel (Multiboot, PVH, Linux), v86 for i386 without QEMU (it has no BIOS),
// GRUB in QEMU (Multiboot 2). What `isthmus check` finds comes first, on the standard error, and an
// error stops the run. The end says where the kernel stood: its instruction, symbol and line.
//
// Options
//   --machine NAME     v86 (default without --kernel) needs nothing installed; qemu; grub: QEMU,
//                      from a GRUB image
//   --firmware NAME    of QEMU's PC: bios (default), or uefi32 or uefi64, which is OVMF; qemu boots
//                      there by an application of our own, grub by GRUB
//   --board NAME       QEMU's PC: pc (i440FX; default with bios), or q35 (default with UEFI)
//   --memory MIB       the guest's memory; default 64, with --kernel 256, with --root as needed; at
//                      most 2048, with --machine qemu or grub 65536
//   --root DIR         the guest's files are copies of those in DIR
//   --bind HOST:GUEST  with --root: puts the host's file or folder HOST at GUEST; may be repeated
//   --env A=B          with --root: sets a variable, or takes it as it is here: --env A; may be
//                      repeated
//   --cwd D            with --root: the guest's directory to start in; default /
//   --save DIR         with --root: DIR or HOST, to write back what was changed in it, or a new
//                      folder, for all of the guest's files; may be repeated
//   --timeout S        ends the run after S seconds
//   --kernel FILE      boots this file instead of the project's kernel
//   --force            with --kernel: boots it whatever `check` has found
//   --initramfs FILE   the module to hand to the kernel, with or without --kernel; ours wants a
//                      cpio archive
//   --screen FILE      writes the text on the screen whenever it changes, and - at the end, to the
//                      standard output: of the VGA's text mode, or of pixels in the font of our own
//                      kernel; without it the screen of a kernel that says nothing on its serial
//                      line is printed at the end
//   --pixels BITS      has our kernel show its text on a screen of pixels of 24 or 32 bits, as it
//                      does with UEFI; for v86 and for QEMU's BIOS
//   --log FILE         writes what comes from the serial line to FILE, too
//   --verbose          shows what the kernel says while it boots
//   --trace[=FILE]     shows every system call, signal and end of a process as strace does: on the
//                      standard error, or in FILE; with --root: of the program and what it starts
//   --trace-count      counts calls, errors and time instead, as strace -c does
//   --trace-filter LIST
//                      shows only these calls: names, %file, %desc, %signal, %memory, %process,
//                      separated by commas; a ! before them: all others
//   --trace-strings N  shows N bytes of what calls read and write; default 32
//   --json             with --trace: a line of JSON for each call
//   --gdb              with --machine qemu: waits for GDB before the first instruction, and prints
//                      what to type; gdb then knows functions and lines of TypeScript
//
// Keys, at a terminal
//   ^A x               leaves
//   ^A ^A              sends ^A
//
// Example
//   $ npx isthmus run hello; echo $?
//   Hello from TypeScript in ring 3, process 1.
//     code at  0x00001280
//     data at  0x00100300
//     stack at 0xffffbeec
//   0
//
// Exit status: the program's own (128 + signal if it was killed); with --root 127 if there is no
// such program and 126 if it cannot run; 0 a kernel of yours has halted
// with interrupts off or switched the machine off; what QEMU ends with if it wrote to port 0xf4
// (twice the value plus one); 2 usage or unusable input; 124 timed out, 125 the kernel panicked or
// the machine died, 130 left by ^A x.

import { relative } from "node:path";
import { nearestName } from "../base/nearest-name";
import { CannotRun } from "../guest/elf-program";
import { readElfImage } from "../inspect/elf-image";
import { programNames } from "../machine/initramfs";
import { MACHINE_NAMES, type Machine } from "../machine/machine";
import { openMachine } from "../machine/open-machine";
import {
  BOOT_OPTIONS,
  type BootSettings,
  bootSettings,
  memoryLimits,
  PC_OPTIONS,
  pcOf,
  readInput,
} from "./boot-settings";
import { type Command, type CommandLine, UsageError } from "./command";
import { ConsoleInput } from "./console-input";
import { examineKernel, type ForeignKernel } from "./foreign-kernel";
import { type Outcome, runGuest } from "./guest-run";
import { GuestWatch, screenText } from "./guest-watch";
import { ROOT_OPTIONS, RootRun } from "./root-run";
import { runForeign } from "./run-foreign";
import { SerialOutput } from "./serial-output";
import { complain, progress, terminalWindow } from "./terminal";
import { TRACE_OPTIONS, TraceRun } from "./trace-run";

/** Bits of a pixel. */
const PIXELS = ["24", "32"] as const;
const STATUS_TIMEOUT = 124;
const STATUS_PANIC = 125;
/** The kernel's, and the shell's, for a program that is not there. */
const STATUS_NOT_FOUND = 127;
const STATUS_LEFT = 130;
/** Where GDB's users expect a kernel: QEMU's `-s`. */
const DEBUGGER = "tcp:127.0.0.1:1234";
/** More than QEMU gives by default: xv6 wants 224. */
const FOREIGN_MEMORY_MIB = 256;
const TIMEOUT_LIMITS = { min: 1, max: 86_400 };

export const command: Command = {
  options: {
    ...BOOT_OPTIONS,
    ...PC_OPTIONS,
    ...ROOT_OPTIONS,
    timeout: { type: "string" },
    verbose: { type: "boolean" },
    ...TRACE_OPTIONS,
    gdb: { type: "boolean" },
    screen: { type: "string" },
    pixels: { type: "string", choices: PIXELS },
    log: { type: "string" },
    force: { type: "boolean" },
  },
  takesProgram: true,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const seconds = line.count("timeout", TIMEOUT_LIMITS, undefined);
  const trace = TraceRun.of(line);
  const kernelOptions = [...kernelOptionsOf(line), ...(trace?.kernelOptions ?? [])];
  const isDebugged = line.flag("gdb");
  const foreign = await foreignKernel(line);
  const root = rootRun(line);
  if (typeof root === "number") return root;
  if (foreign && line.isGiven("pixels")) {
    throw new UsageError("--pixels is for our own kernel, not for one that --kernel names");
  }
  if (isDebugged && (foreign?.choice.machine ?? line.value("machine")) !== "qemu") {
    throw new UsageError("--gdb works only with --machine qemu");
  }
  const output = new SerialOutput(line.value("log"));
  const input = new ConsoleInput();
  input.open();
  try {
    const prepared = bootSettings(line, { kernelOptions, ...(root && { brought: root }) });
    const settings = await Promise.race([prepared, input.left]);
    if (settings === undefined) leaveBuild(input);
    const screen = line.value("screen");
    const hasPixels = line.isGiven("pixels");
    const common = { settings, input, output, seconds, screen, isDebugged, trace, root };
    const isRun = { ...common, hasPixels };
    const status = foreign ? await bootForeign(foreign, isRun, line) : await bootOwn(isRun);
    if (status === STATUS_NOT_FOUND && root === undefined) {
      suggestProgram(line.program[0], settings.options.initramfs);
    }
    return status;
  } finally {
    input.close();
    trace?.close();
    output.close();
  }
}

async function bootOwn(run: Run): Promise<number> {
  const { settings, output, seconds, isDebugged, trace } = run;
  const window = terminalWindow();
  const machine = openMachine(
    settings.machine,
    { ...settings.options, setsPixels: run.hasPixels, ...(window && { window }) },
    { ...settings.pc, ...debuggerOf(isDebugged) },
  );
  output.connect(machine.serial);
  trace?.connect(machine, settings.project);
  const resized = () => {
    const size = terminalWindow();
    if (size !== undefined) machine.resize(size);
  };
  process.stdout.on("resize", resized);
  const outcome = await boot(machine, run);
  process.stdout.removeListener("resize", resized);
  return report(outcome, machine, seconds);
}

interface Run {
  readonly settings: BootSettings;
  readonly input: ConsoleInput;
  readonly output: SerialOutput;
  readonly seconds: number | undefined;
  readonly screen: string | undefined;
  /** What --pixels asks for. */
  readonly hasPixels: boolean;
  readonly isDebugged: boolean;
  /** What --trace asks for. */
  readonly trace: TraceRun | undefined;
  /** The files that --root brings. */
  readonly root: RootRun | undefined;
}

/** What --root brings; or the status, once it was said why its program cannot run. */
function rootRun(line: CommandLine): RootRun | number | undefined {
  const root = line.value("root");
  if (root === undefined) {
    const other = Object.keys(ROOT_OPTIONS).find((name) => line.isGiven(name));
    if (other !== undefined) throw new UsageError(`--${other} is for runs with --root`);
    return undefined;
  }
  if (line.value("kernel") !== undefined || line.value("initramfs") !== undefined) {
    throw new UsageError("--root brings its own files: for --kernel, see `isthmus pack`");
  }
  try {
    return new RootRun(line, root);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    complain(error);
    return error.status;
  }
}

/** What --kernel names, examined, if it is not one of ours. */
async function foreignKernel(line: CommandLine): Promise<ForeignKernel | undefined> {
  const path = line.value("kernel");
  if (path === undefined) {
    if (line.flag("force")) throw new UsageError("--force is for kernels that --kernel names");
    return undefined;
  }
  const named = line.value("machine") !== undefined;
  return examineKernel(await readInput(path), path, {
    memoryMiB: foreignMemory(line),
    machine: named ? line.choice("machine", MACHINE_NAMES) : undefined,
  });
}

function foreignMemory(line: CommandLine): number {
  return line.count("memory", memoryLimits(line), FOREIGN_MEMORY_MIB);
}

function bootForeign(foreign: ForeignKernel, run: Run, line: CommandLine): Promise<number> {
  const { settings, input, output, seconds, screen, isDebugged } = run;
  const options = {
    ...settings.options,
    memoryMiB: foreignMemory(line),
    commandLine: line.program.join(" "),
    exitDevice: true,
  };
  const announce = () => {
    if (isDebugged) progress(debuggerCommand(settings.kernelPath));
  };
  return runForeign(foreign, {
    path: settings.kernelPath,
    options,
    qemu: { ...pcOf(line, foreign.choice.machine), ...debuggerOf(isDebugged) },
    input,
    output,
    seconds,
    screen,
    force: line.flag("force"),
    isDebugged,
    announce,
  });
}

function debuggerOf(isDebugged: boolean): { readonly debuggerAt?: string } {
  return isDebugged ? { debuggerAt: DEBUGGER } : {};
}

/** The build goes on until its processes are ended, which happens when this one exits. */
function leaveBuild(input: ConsoleInput): never {
  input.close();
  process.exit(STATUS_LEFT);
}

/** Runs the machine to its end. */
async function boot(machine: Machine, run: Run): Promise<Outcome> {
  const { settings, input, seconds, screen, isDebugged, root } = run;
  const watch = screen === undefined ? undefined : new GuestWatch(machine, screen);
  try {
    const started = () => {
      if (isDebugged) progress(debuggerCommand(settings.kernelPath));
      else watch?.start();
    };
    const outcome = await runGuest({ machine, input, seconds, started });
    const look = await watch?.end();
    if (look && screen === "-") process.stdout.write(screenText(look.screen));
    if (root && outcome.kind === "exit") await finishRoot(root, machine, settings);
    else root?.explainMissing();
    return outcome;
  } finally {
    await machine.close();
  }
}

async function finishRoot(root: RootRun, machine: Machine, settings: BootSettings): Promise<void> {
  await root.finish(machine, readElfImage(settings.options.kernel, settings.kernelPath));
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
  const window = terminalWindow();
  return [
    ...(line.flag("verbose") ? [] : ["quiet"]),
    ...(line.value("pixels") ? [`pixels=${line.choice("pixels", PIXELS)}`] : []),
    ...(process.stdin.isTTY ? [] : ["noecho"]),
    ...(window === undefined ? [] : [`rows=${window.rows}`, `columns=${window.columns}`]),
  ];
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
