// The project's own kernel in a machine, for the tests: built if needed, booted, and closed again.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildProject } from "../../src/cli/build-project";
import { INSTALLATION } from "../../src/cli/project";
import { type ElfImage, readElfImage, symbolAddress } from "../../src/inspect/elf-image";
import { encodeCommandLine } from "../../src/machine/command-line";
import { type ArchiveEntry, readArchive, writeArchive } from "../../src/machine/initramfs";
import type {
  BootOptions,
  Ending,
  Machine,
  MachineName,
  QemuOptions,
} from "../../src/machine/machine";
import { openMachine } from "../../src/machine/open-machine";
import { QemuMachine } from "../../src/machine/qemu";
import { bootDirectly } from "../../src/machine/qemu-command";
import { HANG_MS } from "../hang-guard";

export interface BootRequest {
  /** The program and its arguments; absent: the shell. */
  readonly program?: readonly string[];
  readonly memoryMiB?: number;
  /** The kernel's own; default: quiet. */
  readonly options?: readonly string[];
  /** Another kernel than the one of the build. */
  readonly kernel?: Uint8Array;
  /** Further files of the initramfs. */
  readonly files?: readonly ArchiveEntry[];
  readonly qemu?: QemuOptions;
  /** Of runProgram: after so many milliseconds the machine counts as hung. */
  readonly hangMs?: number;
}

/** The kernel and its programs as the build left them. */
export interface Built {
  readonly kernel: ElfImage;
  readonly initramfs: Uint8Array;
  readonly kernelFile: Uint8Array;
}

const project = { root: INSTALLATION, output: join(INSTALLATION, "build") };
let built: Promise<Built> | undefined;

/** Builds what has changed; once in each test file. */
export function build(): Promise<Built> {
  built ??= buildProject(project, { force: false }).then(({ kernel, initramfs }) => {
    const kernelFile = readFileSync(kernel);
    return {
      kernel: readElfImage(kernelFile, "kernel.elf"),
      kernelFile,
      initramfs: readFileSync(initramfs),
    };
  });
  return built;
}

/** The file of a user program, with its symbols. */
export function programImage(name: string): ElfImage {
  return readElfImage(readFileSync(join(project.output, "user", `${name}.elf`)), name);
}

/** The address of a symbol that must be there. */
export function addressOf(image: ElfImage, symbol: string): number {
  const address = symbolAddress(image, symbol);
  if (address === undefined) throw new Error(`${image.name} has no symbol ${symbol}`);
  return address;
}

function bootOptions({ kernelFile, initramfs }: Built, request: BootRequest): BootOptions {
  return {
    kernel: request.kernel ?? kernelFile,
    initramfs: request.files
      ? writeArchive([...readArchive(initramfs), ...request.files])
      : initramfs,
    commandLine: encodeCommandLine(request.options ?? ["quiet"], request.program ?? []),
    memoryMiB: request.memoryMiB ?? 64,
    setsPixels: request.options?.some((option) => option.startsWith("pixels=")) ?? false,
  };
}

/** A machine with the kernel, to be started and closed by the caller. */
export function openKernel(name: MachineName, built: Built, request: BootRequest): Machine {
  return openMachine(name, bootOptions(built, request), request.qemu);
}

/** Boots, hands the machine to `use`, and closes it whatever happens. */
export async function withMachine<T>(
  name: MachineName,
  request: BootRequest,
  use: (machine: Machine, built: Built) => Promise<T>,
): Promise<T> {
  const built = await build();
  const machine = openKernel(name, built, request);
  try {
    await machine.start();
    return await use(machine, built);
  } finally {
    await machine.close();
  }
}

/** As withMachine, on a QEMU whose GDB stub is open. */
export async function withDebugger<T>(
  request: BootRequest,
  use: (machine: QemuMachine, built: Built) => Promise<T>,
): Promise<T> {
  const built = await build();
  const options = { ...request.qemu, gdb: true };
  const machine = new QemuMachine("qemu", bootOptions(built, request), options, bootDirectly);
  try {
    await machine.start();
    return await use(machine, built);
  } finally {
    await machine.close();
  }
}

/** Runs a program as process 1 to its end; how it ended, and what the serial line said. */
export async function runProgram(
  name: MachineName,
  program: readonly string[],
  request: Omit<BootRequest, "program"> = {},
): Promise<{ ending: Ending | "timeout"; output: string }> {
  return withMachine(name, { ...request, program }, async (machine) => {
    const ending = await Promise.race([machine.ended, timeout(request.hangMs ?? HANG_MS)]);
    return { ending, output: machine.serial.text().replaceAll("\r\n", "\n") };
  });
}

function timeout(hangMs: number): Promise<"timeout"> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("timeout"), hangMs).unref();
  });
}
