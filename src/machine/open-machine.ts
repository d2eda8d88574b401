// Makes the machine of a given name, in Node.

import { bootByGrub } from "./grub";
import type { BootOptions, Machine, MachineName, QemuOptions } from "./machine";
import { QemuMachine } from "./qemu";
import { bootDirectly } from "./qemu-command";
import { V86Machine } from "./v86";
import { readV86Wasm } from "./v86-wasm";

/** The machine is not running yet; `start` boots it. */
export function openMachine(
  name: MachineName,
  options: BootOptions,
  qemu: QemuOptions = {},
): Machine {
  switch (name) {
    case "v86":
      return new V86Machine(options, readV86Wasm);
    case "qemu":
      return new QemuMachine(name, options, qemu, bootDirectly);
    case "grub":
      return new QemuMachine(name, options, qemu, bootByGrub);
  }
}
