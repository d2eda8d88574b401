// QEMU's command line for a machine, and what a machine started with it can do.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PORT_DEBUG_CONSOLE, PORT_EXIT } from "../abi/ports";
import type { Channel } from "./channel";
import { boardOf } from "./firmware";
import type { BootOptions, Capabilities, QemuOptions } from "./machine";

/**
 * How the guest gets the kernel: writes what it needs into the machine's directory and returns the
 * parameters that boot it.
 */
export type BootMethod = (
  options: BootOptions,
  directory: string,
  qemu: QemuOptions,
) => Promise<string[]>;

/** `-kernel`, `-initrd` and `-append`: QEMU's own Multiboot loader. */
export async function bootDirectly(options: BootOptions, directory: string): Promise<string[]> {
  const kernel = join(directory, "kernel.elf");
  await writeFile(kernel, options.kernel);
  const parameters = ["-kernel", kernel, "-append", options.commandLine];
  if (options.initramfs) {
    const initramfs = join(directory, "initramfs.cpio");
    await writeFile(initramfs, options.initramfs);
    parameters.push("-initrd", initramfs);
  }
  return parameters;
}

/** As much as any host has. */
const SMALL_MIB = 2048;

/** Memory of which the host need not have more than what the guest uses. */
function sparseMemory(memoryMiB: number): string[] {
  const memory = `memory-backend-ram,id=memory,size=${memoryMiB}M,reserve=off`;
  return ["-object", memory, "-machine", "memory-backend=memory"];
}

/** The sockets that QEMU connects to. */
export interface Channels {
  readonly debug: Channel;
  readonly monitor: Channel;
  readonly gdb?: Channel;
  /** The second serial port. */
  readonly window?: Channel;
}

/** The parameters besides those that boot the kernel: a paused PC without a display. */
export function qemuParameters(
  { memoryMiB, exitDevice }: BootOptions,
  qemu: QemuOptions,
  channels: Channels,
): string[] {
  const { cpu, icountShift, debuggerAt, debugConsole = true } = qemu;
  const chardevs = Object.entries(channels).flatMap(([id, channel]) => [
    "-chardev",
    `${channel.chardev},id=${id}`,
  ]);
  const icount = icountShift === undefined ? [] : ["-icount", `shift=${icountShift}`];
  return [
    ...["-nodefaults", "-machine", boardOf(qemu), "-accel", "tcg"],
    ...(memoryMiB > SMALL_MIB ? sparseMemory(memoryMiB) : []),
    ...["-vga", "std", "-display", "none"],
    ...["-no-reboot", "-no-shutdown", "-S", "-m", `${memoryMiB}M`],
    ...["-cpu", cpu ?? "max", ...icount, ...chardevs],
    ...["-chardev", "stdio,id=serial,signal=off"],
    ...["-serial", "chardev:serial", "-mon", "chardev=monitor,mode=control"],
    ...(channels.window ? ["-serial", "chardev:window"] : []),
    ...(debugConsole ? ["-device", `isa-debugcon,iobase=${PORT_DEBUG_CONSOLE},chardev=debug`] : []),
    ...(exitDevice ? ["-device", `isa-debug-exit,iobase=${PORT_EXIT},iosize=4`] : []),
    ...(channels.gdb ? ["-gdb", "chardev:gdb"] : []),
    ...(debuggerAt ? ["-gdb", `${debuggerAt},server=on,wait=off`] : []),
  ];
}

export function qemuCapabilities({ cpu, gdb }: QemuOptions): Capabilities {
  const feature = cpu === undefined ? true : `the processor was chosen with -cpu ${cpu}`;
  return {
    nx: feature,
    smep: feature,
    smap: feature,
    umip: feature,
    doubleFault: true,
    singleStep: gdb ? true : "the machine was made without GDB's protocol",
    guestDebug: true,
    nmi: true,
    iretFaults: true,
  };
}
