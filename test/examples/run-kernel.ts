// Runs one of the example kernels to its end.

import type { BootOptions, MachineName, QemuOptions } from "../../src/machine/machine";
import { openMachine } from "../../src/machine/open-machine";

/** How the run of a kernel ended, and the lines that it printed. */
export async function runKernel(
  name: MachineName,
  files: Pick<BootOptions, "kernel" | "initramfs">,
  qemu: QemuOptions = {},
) {
  const machine = openMachine(name, { ...files, commandLine: "", memoryMiB: 16 }, qemu);
  try {
    await machine.start();
    const ending = await machine.ended;
    return { ending, lines: machine.serial.text().split(/\r?\n/) };
  } finally {
    await machine.close();
  }
}
