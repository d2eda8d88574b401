// Boots an ISO image with GRUB under QEMU's BIOS or UEFI, as a real PC would boot the same files.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Diagnostic } from "../base/diagnostic";
import { findMultiboot, findMultiboot2 } from "../link/check/boot-protocol";
import type { BootOptions, Firmware, QemuOptions } from "./machine";
import { requireProgram } from "./programs";

/** Where GRUB's files for a firmware are, and the Debian package that has them. */
const PLATFORMS: Readonly<Record<Firmware, readonly [folder: string, package_: string]>> = {
  bios: ["/usr/lib/grub/i386-pc", "grub-pc-bin"],
  uefi32: ["/usr/lib/grub/i386-efi", "grub-efi-ia32-bin"],
  uefi64: ["/usr/lib/grub/x86_64-efi", "grub-efi-amd64-bin"],
};

/** GRUB's configuration: boots at once, without a menu. */
export function grubConfiguration(options: BootOptions, firmware: Firmware = "bios"): string {
  const isSecond = options.grubCommand
    ? options.grubCommand === "multiboot2"
    : prefersMultiboot2(options.kernel, firmware);
  const version = isSecond ? "2" : "";
  const lines = [
    "set timeout=0",
    "set default=0",
    // Without a driver GRUB leaves no screen, and UEFI has no text mode to fall back on.
    ...(firmware === "bios" ? [] : ["insmod all_video"]),
    'menuentry "isthmus" {',
    `  multiboot${version} /boot/kernel.elf ${options.commandLine}`.trimEnd(),
    ...(options.initramfs ? [`  module${version} /boot/initramfs.cpio`] : []),
    "  boot",
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** By Multiboot 1 a kernel on UEFI learns neither of ACPI's tables nor of the firmware's map. */
function prefersMultiboot2(kernel: Uint8Array, firmware: Firmware): boolean {
  const view = new DataView(kernel.buffer, kernel.byteOffset, kernel.byteLength);
  if (findMultiboot2(view)?.found !== true) return false;
  return firmware !== "bios" || !findMultiboot(view)?.found;
}

/**
 * Writes a bootable ISO image of the kernel, the initramfs and the command line.
 *
 * @param directory a directory for the image's files; the caller removes it
 * @throws Diagnostic MACH004 if a program is missing, MACH006 if grub-mkrescue fails, MACH011 if
 *   GRUB has no files for the firmware
 */
export async function writeGrubImage(
  options: BootOptions,
  directory: string,
  image: string,
  firmware: Firmware = "bios",
): Promise<void> {
  const program = await requireProgram("grub-mkrescue");
  await requireProgram("xorriso");
  await requireProgram("mformat");
  const boot = join(directory, "boot");
  await mkdir(join(boot, "grub"), { recursive: true });
  await writeFile(join(boot, "kernel.elf"), options.kernel);
  if (options.initramfs) await writeFile(join(boot, "initramfs.cpio"), options.initramfs);
  await writeFile(join(boot, "grub", "grub.cfg"), grubConfiguration(options, firmware));
  const [platform, debianPackage] = PLATFORMS[firmware];
  if (firmware !== "bios" && !existsSync(platform)) throw noPlatform(platform, debianPackage);
  // One platform, not all that are installed: the image is smaller and sooner there.
  const only = existsSync(platform) ? ["-d", platform] : [];
  try {
    await promisify(execFile)(program, [...only, "-o", image, directory]);
  } catch (error) {
    const lines = (error as { stderr?: string }).stderr?.trim().split("\n") ?? [String(error)];
    throw new Diagnostic(
      "MACH006",
      `grub-mkrescue failed: ${lines.slice(-3).join("; ")}`,
      `Install GRUB's files for PCs, on Debian with \`apt-get install ${debianPackage}\``,
    );
  }
}

function noPlatform(platform: string, debianPackage: string): Diagnostic {
  return new Diagnostic(
    "MACH011",
    `GRUB's files for this firmware are not installed: there is no ${platform}`,
    `Install them, on Debian with \`apt-get install ${debianPackage}\``,
  );
}

/** A `BootMethod` of QemuMachine: makes the image and boots it as a CD. */
export async function bootByGrub(
  options: BootOptions,
  directory: string,
  { firmware }: QemuOptions,
): Promise<string[]> {
  const image = join(directory, "isthmus.iso");
  await writeGrubImage(options, join(directory, "iso"), image, firmware);
  return ["-drive", `file=${image},format=raw,media=cdrom,if=ide`, "-boot", "d"];
}
