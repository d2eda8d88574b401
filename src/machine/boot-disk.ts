// Disks that boot a kernel: GRUB's files for a disk that a BIOS boots too, and the disk that QEMU
// boots by UEFI.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Diagnostic } from "../base/diagnostic";
import type { GrubFiles } from "../image/bios-boot";
import { diskImage, GRUB_KERNEL, GRUB_MODULE } from "../image/disk-image";
import type { BootFiles } from "../image/uefi-application";
import type { BootOptions, QemuOptions } from "./machine";
import { findProgram } from "./programs";

const GRUB_FOLDER = "/usr/lib/grub/i386-pc";
/** What GRUB needs to read the partition and to load the kernel. */
const GRUB_MODULES = ["biosdisk", "part_gpt", "fat", "multiboot2", "boot"];

/**
 * GRUB for the disk of these files; undefined if GRUB for BIOS is not installed.
 *
 * @throws Diagnostic MACH006 if grub-mkimage fails
 */
export async function grubForDisk(files: BootFiles): Promise<GrubFiles | undefined> {
  const program = await findProgram("grub-mkimage");
  if (!program || !existsSync(join(GRUB_FOLDER, "boot.img"))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "isthmus-grub-"));
  try {
    const [configuration, core] = [join(folder, "grub.cfg"), join(folder, "core.img")];
    await writeFile(configuration, configurationOf(files));
    const words = ["-d", GRUB_FOLDER, "-O", "i386-pc", "-o", core, "-c", configuration];
    // The disk that GRUB itself came from; its first partition.
    await promisify(execFile)(program, [...words, "-p", "(,gpt1)/", ...GRUB_MODULES]);
    return { boot: await readFile(join(GRUB_FOLDER, "boot.img")), core: await readFile(core) };
  } catch (error) {
    const text = (error as { stderr?: string }).stderr?.trim() || String(error);
    const remedy = "Install GRUB's files for PCs anew, on Debian `apt-get install grub-pc-bin`";
    throw new Diagnostic("MACH006", `grub-mkimage failed: ${text}`, remedy);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function configurationOf({ module, commandLine }: BootFiles): string {
  const lines = [
    `multiboot2 /${GRUB_KERNEL} ${commandLine}`.trimEnd(),
    ...(module ? [`module2 /${GRUB_MODULE}`] : []),
    "boot",
  ];
  return `${lines.join("\n")}\n`;
}

/** A `BootMethod` of QemuMachine: a disk with the UEFI application of our own. */
export async function bootByUefi(
  options: BootOptions,
  directory: string,
  { firmware }: QemuOptions,
): Promise<string[]> {
  const { kernel, initramfs, commandLine } = options;
  const image = join(directory, "disk.img");
  const files = { kernel, module: initramfs, commandLine };
  await writeFile(image, diskImage(files, { uefi: [firmware === "uefi32" ? 32 : 64] }));
  return ["-drive", `file=${image},format=raw,if=ide`];
}
