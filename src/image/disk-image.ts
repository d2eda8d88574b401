// The image of a disk that boots a kernel by UEFI, on 64-bit and on 32-bit machines, and by BIOS
// if there is GRUB for that.

import { type GrubFiles, withGrub } from "./bios-boot";
import { type FatFile, fatVolume } from "./fat";
import { PARTITION_TYPES, type Partition, partitionedDisk } from "./partition-table";
import { APPLICATION_NAMES, type BootFiles, uefiApplication } from "./uefi-application";
import type { FirmwareBits } from "./uefi-code";

/** Where GRUB finds what it loads. */
export const GRUB_KERNEL = "ISTHMUS/KERNEL.ELF";
export const GRUB_MODULE = "ISTHMUS/MODULE.BIN";

export interface DiskOptions {
  /** Which firmware finds an application; default: both kinds. */
  readonly uefi?: readonly FirmwareBits[];
  /** GRUB, with a configuration that boots GRUB_KERNEL with GRUB_MODULE. */
  readonly grub?: GrubFiles | undefined;
}

/** The bytes of the disk. */
export function diskImage(files: BootFiles, options: DiskOptions = {}): Uint8Array {
  const { uefi = [32, 64], grub } = options;
  const applications = uefi.map((bits) => ({
    path: `EFI/BOOT/${APPLICATION_NAMES[bits]}`,
    bytes: uefiApplication(files, bits),
  }));
  const system: Partition = {
    type: PARTITION_TYPES.uefiSystem,
    name: "isthmus",
    bytes: fatVolume([...applications, ...(grub ? filesForGrub(files) : [])]),
  };
  if (!grub) return partitionedDisk([system]);
  const { bootCode, partitions } = withGrub(grub, [system]);
  return partitionedDisk(partitions, bootCode);
}

function filesForGrub({ kernel, module }: BootFiles): FatFile[] {
  const loaded = [{ path: GRUB_KERNEL, bytes: kernel }];
  return module ? [...loaded, { path: GRUB_MODULE, bytes: module }] : loaded;
}
