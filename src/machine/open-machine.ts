// Makes the machine of a given name, in Node.

import { bootByUefi } from "./boot-disk";
import { bootByGrub } from "./grub";
import type { BootOptions, Machine, MachineName, QemuOptions } from "./machine";
import { QemuMachine } from "./qemu";
import { type BootMethod, bootDirectly } from "./qemu-command";
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
      return new QemuMachine(name, options, qemu, bootMethodOf(qemu));
    case "grub":
      return new QemuMachine(name, options, qemu, bootByGrub);
  }
}

/** QEMU's own loader knows no UEFI: there a disk has the kernel in an application of ours. */
function bootMethodOf({ firmware = "bios" }: QemuOptions): BootMethod {
  return firmware === "bios" ? bootDirectly : bootByUefi;
}
