// Runs one of the example kernels to its end.

import type { BootOptions, MachineName, QemuOptions } from "../../src/machine/machine";
import { openMachine } from "../../src/machine/open-machine";

interface Pc {
  readonly qemu?: QemuOptions;
  readonly memoryMiB?: number;
}

/** How the run of a kernel ended, the lines that it printed, and the registers at the end. */
export async function runKernel(
  name: MachineName,
  files: Pick<BootOptions, "kernel" | "initramfs">,
  { qemu = {}, memoryMiB = 16 }: Pc = {},
) {
  const machine = openMachine(name, { ...files, commandLine: "", memoryMiB }, qemu);
  try {
    await machine.start();
    const ending = await machine.ended;
    const lines = machine.serial.text().split(/\r?\n/);
    return { ending, lines, registers: await machine.registers() };
  } finally {
    await machine.close();
  }
}
