// The files that a machine was booted from, as far as they give names to what is in its memory.

import { Diagnostic } from "../base/diagnostic";
import type { ResolvedLayout } from "../link/layout/resolved";
import { readArchive } from "../machine/initramfs";
import type { BootOptions } from "../machine/machine";
import { type ElfImage, readElfImage } from "./elf-image";

export interface BootedFiles {
  /** The kernel's file. */
  readonly image: ElfImage;
  /**
   * The layout that it was linked by, if known: its first space is the kernel's, its second one
   * that of user programs.
   */
  readonly layout: ResolvedLayout | undefined;
  /** The files of user programs by name, as far as known. */
  readonly programs: ReadonlyMap<string, ElfImage>;
}

/** Reads what a machine boots; `kernelName` is what diagnostics call the kernel. */
export function readBootedFiles(
  { kernel, initramfs }: Pick<BootOptions, "kernel" | "initramfs">,
  kernelName: string,
  layout: ResolvedLayout | undefined,
): BootedFiles {
  return { image: readElfImage(kernel, kernelName), layout, programs: readPrograms(initramfs) };
}

/** The programs of an initramfs, by the last part of their paths; other files are left out. */
function readPrograms(initramfs: Uint8Array | undefined): Map<string, ElfImage> {
  const programs = new Map<string, ElfImage>();
  for (const { name, kind, data } of initramfs ? readArchive(initramfs) : []) {
    if (kind !== "file") continue;
    try {
      programs.set(name.slice(name.lastIndexOf("/") + 1), readElfImage(data, name));
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
    }
  }
  return programs;
}
