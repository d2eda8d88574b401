// isthmus image: writes a disk that boots the kernel on PCs, for a USB stick or a machine of QEMU's
//
//   npx isthmus image [-o FILE] [--kernel FILE] [--initramfs FILE] [--noapic] [--verbose]
//                     [--json] [[--] PROGRAM ARGS…]
//
// Builds what is not up to date, and puts kernel and initramfs into a disk with a GUID partition
// table: a UEFI application of our own for 64-bit and one for 32-bit firmware, and GRUB for BIOS if
// its files are installed here. Whichever firmware the machine has boots it from this one file.
// Without PROGRAM the kernel starts its shell. Secure Boot must be off: nothing is signed.
//
// All of FILE is the disk: `dd if=isthmus.img of=/dev/sdX bs=1M` writes it to a stick, and destroys
// what is there. docs/boot-everywhere.md tells what to look for if a machine does not boot it.
//
// Options
//   -o, --output FILE  where to write; default isthmus.img
//   --kernel FILE      this kernel instead of the project's: an ELF file for i386 with the
//                      header of Multiboot 2
//   --initramfs FILE   the module to hand to the kernel
//   --noapic           our kernel has its interrupts by the PICs and the 8254, whatever else the
//                      machine has: for one on which time or keys stand still
//   --verbose          the kernel shows what it does while it boots
//   --json             prints one JSON document: path, bytes, boots (bios, uefi32, uefi64)
//
// Example
//   $ npx isthmus image
//   isthmus.img: 35 MiB, boots by uefi32, uefi64 and bios
//
// Exit status: 0 written; 2 usage, unusable input, or a file that cannot be written.

import { sizeText } from "../base/size-text";
import { diskImage } from "../image/disk-image";
import { grubForDisk } from "../machine/boot-disk";
import { encodeCommandLine } from "../machine/command-line";
import { imagePaths, readInput } from "./boot-settings";
import { type Command, type CommandLine, refuseOverwriting } from "./command";
import { replaceFile } from "./replace-file";
import { print, printJson, progress } from "./terminal";

const DEFAULT_OUTPUT = "isthmus.img";

export const command: Command = {
  options: {
    output: { type: "string", short: "o" },
    kernel: { type: "string" },
    initramfs: { type: "string" },
    noapic: { type: "boolean" },
    verbose: { type: "boolean" },
    json: { type: "boolean" },
  },
  takesProgram: true,
  run: image,
};

async function image(line: CommandLine): Promise<number> {
  const path = line.value("output") ?? DEFAULT_OUTPUT;
  refuseOverwriting([path], [line.value("kernel"), line.value("initramfs")]);
  const kernelOptions = [
    ...(line.flag("verbose") ? [] : ["quiet"]),
    ...(line.flag("noapic") ? ["noapic"] : []),
  ];
  const { kernelPath, initramfsPath } = await imagePaths(line);
  const files = {
    kernel: await readInput(kernelPath),
    module: initramfsPath === undefined ? undefined : await readInput(initramfsPath),
    commandLine: encodeCommandLine(kernelOptions, line.program),
  };
  const grub = await grubForDisk(files);
  const bytes = diskImage(files, { grub });
  replaceFile(path, bytes);
  const boots = ["uefi32", "uefi64", ...(grub ? ["bios"] : [])];
  if (line.flag("json")) printJson({ path, bytes: bytes.length, boots });
  else print(`${path}: ${sizeText(bytes.length)}, boots by ${listText(boots)}`);
  if (!grub) progress("isthmus: BIOS does not boot it: GRUB (grub-pc-bin) is not installed here");
  return 0;
}

function listText(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
