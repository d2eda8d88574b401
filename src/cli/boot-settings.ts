// What `run`, `audit` and `map` have in common: which kernel to boot, on which machine, how.

import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { nearestName } from "../base/nearest-name";
import { encodeCommandLine } from "../machine/command-line";
import {
  BOARDS,
  type BootOptions,
  FIRMWARES,
  MACHINE_NAMES,
  type MachineName,
  type QemuOptions,
} from "../machine/machine";
import { buildProject } from "./build-project";
import { type CommandLine, type OptionSpec, UsageError } from "./command";
import type { Project } from "./project";
import { projectHere } from "./project-here";

export const BOOT_OPTIONS = {
  machine: { type: "string", choices: MACHINE_NAMES },
  memory: { type: "string" },
  kernel: { type: "string" },
  initramfs: { type: "string" },
} satisfies Record<string, OptionSpec>;

/** Which PC QEMU is, where a command offers the choice. */
export const PC_OPTIONS = {
  firmware: { type: "string", choices: FIRMWARES },
  board: { type: "string", choices: BOARDS },
} satisfies Record<string, OptionSpec>;

const NAMES_SHOWN = 5;
const INIT = "init";
const DEFAULT_MEMORY_MIB = 64;
/** Enough for image, tables and one process. */
const MEMORY_MIN_MIB = 2;
/** What v86 can give, and what a processor with PAE can have. */
const V86_MEMORY_MIB = 2048;
const PAE_MEMORY_MIB = 65536;

/** How much memory a machine can have, in MiB: QEMU's more, if the command line asks for it. */
export function memoryLimits(line: CommandLine): { min: number; max: number } {
  const isQemu = ["qemu", "grub"].includes(line.value("machine") ?? "v86");
  return { min: MEMORY_MIN_MIB, max: isQemu ? PAE_MEMORY_MIB : V86_MEMORY_MIB };
}

export interface BootSettings {
  readonly machine: MachineName;
  readonly options: BootOptions;
  /** What the command line says of the PC that QEMU is. */
  readonly pc?: QemuOptions;
  /** The kernel's path, for diagnostics. */
  readonly kernelPath: string;
  /** The project whose kernel it is, and where that is; none if `--kernel` names another one. */
  readonly project: Project | undefined;
}

/** What to run, and how, besides what the command line says. */
export interface BootRequest {
  /** If the command line names no program; absent: what the kernel wants. */
  readonly program?: readonly string[];
  /** Options for the kernel: kernel/options.ts has the list. */
  readonly kernelOptions?: readonly string[];
  /** Files and a program instead of the project's, run by its process 1. */
  readonly brought?: BroughtFiles;
}

export interface BroughtFiles {
  readonly memoryMiB: number;
  /** The archive, and what process 1 is called with, whose file is `init`. */
  pack(init: Uint8Array): { initramfs: Uint8Array; program: readonly string[] };
}

/** Reads the options, and builds the project's kernel unless another one is named. */
export async function bootSettings(
  line: CommandLine,
  { program = [], kernelOptions = [], brought }: BootRequest = {},
): Promise<BootSettings> {
  const machine = line.choice("machine", MACHINE_NAMES);
  const memoryMiB = line.count("memory", memoryLimits(line), DEFAULT_MEMORY_MIB);
  const chosen = line.program.length > 0 ? line.program : program;
  const commandLine = encodeCommandLine(kernelOptions, brought ? [] : chosen);
  const { kernelPath, initramfsPath, project } = await imagePaths(line);
  if (brought && project) {
    const { initramfs, program: first } = brought.pack(await readInit(project));
    const options = {
      kernel: await readInput(kernelPath),
      initramfs,
      commandLine: encodeCommandLine(kernelOptions, first),
      memoryMiB: brought.memoryMiB,
    };
    return { machine, pc: pcOf(line, machine), kernelPath, project, options };
  }
  return {
    machine,
    pc: pcOf(line, machine),
    kernelPath,
    project,
    options: {
      kernel: await readInput(kernelPath),
      ...(initramfsPath && { initramfs: await readInput(initramfsPath) }),
      commandLine,
      memoryMiB,
    },
  };
}

/** @throws UsageError if the machine has no such choice */
export function pcOf(line: CommandLine, machine: MachineName): QemuOptions {
  const chosen = {
    ...(line.value("firmware") && { firmware: line.choice("firmware", FIRMWARES) }),
    ...(line.value("board") && { board: line.choice("board", BOARDS) }),
  };
  const { firmware = "bios" } = chosen;
  if (machine === "v86" && (firmware !== "bios" || chosen.board)) {
    throw new UsageError("--firmware and --board are for QEMU: give --machine qemu or grub");
  }
  return chosen;
}

/** Process 1 of a run with files that were brought in. */
async function readInit({ output }: Project): Promise<Uint8Array> {
  const path = join(output, "user", INIT);
  if (existsSync(path)) return readInput(path);
  throw new Diagnostic(
    "CLI013",
    `this project has no program ${INIT}, which --root needs`,
    "Run it in another folder: then it is this package's own kernel that boots",
  );
}

/** The files to boot: those that the options name, or the project's, built. */
export async function imagePaths(line: CommandLine) {
  const kernelPath = line.value("kernel");
  const initramfsPath = line.value("initramfs");
  if (kernelPath !== undefined) return { kernelPath, initramfsPath, project: undefined };
  const found = projectHere();
  const { output, kernel, initramfs } = await buildProject(found, { force: false });
  const project: Project = { root: found.root, output };
  return { kernelPath: kernel, initramfsPath: initramfsPath ?? initramfs, project };
}

/** @throws Diagnostic CLI002 if the file cannot be read */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Diagnostic {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EISDIR") {
    return new Diagnostic("CLI002", `${path} is a folder, not a file`, "Name a file in it");
  }
  const text = code === "ENOENT" ? `there is no file ${path}` : `cannot read ${path}: ${message}`;
  const remedy = code === "ENOENT" ? missingRemedy(path) : "See who may read it: ls -l";
  return new Diagnostic("CLI002", text, remedy);
}

/** What may help to find the file: a name that is near, or what there is instead. */
function missingRemedy(path: string): string {
  const near = nearestFile(path);
  if (near !== undefined) return `Did you mean ${near}?`;
  const folder = dirname(resolve(path));
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith("."));
    const shown = names.slice(0, NAMES_SHOWN).join(", ");
    if (names.length === 0) return `The folder ${folder} is empty`;
    return `The folder ${folder} has ${shown}${names.length > NAMES_SHOWN ? ", …" : ""}`;
  } catch {
    return `There is no folder ${folder} either`;
  }
}

/** A file beside `path` with almost its name. */
function nearestFile(path: string): string | undefined {
  try {
    const near = nearestName(basename(path), readdirSync(dirname(path)));
    return near === undefined ? undefined : join(dirname(path), near);
  } catch {
    return undefined; // There is no such folder either.
  }
}
