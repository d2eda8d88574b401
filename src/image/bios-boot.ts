// GRUB on a disk with a GUID partition table, as grub-bios-setup leaves it: its first sector in the
// disk's own, which loads the first sector of a partition of its own, which loads the rest.
//
//   boot.img   0x5c  the sector where core.img begins (64 bits)
//              0x66  a test for floppies, as a BIOS may take a disk for one: no operations instead
//   core.img   0x1f4 what its first sector loads: the first sector (64 bits), how many (16 bits),
//                    and the segment that they go to
//
// See GRUB 2.06, grub-core/boot/i386/pc/{boot,diskboot}.S and util/setup.c.

import { PARTITION_TYPES, type Partition, partitionStarts, SECTOR } from "./partition-table";

const BOOT_CODE_SIZE = 440;
const CORE_SECTOR = 0x5c;
const DRIVE_CHECK = 0x66;
const NO_OPERATIONS = 0x9090;
const BLOCK_LIST = 0x1f4;
const CORE_SEGMENT = 0x820;

/** GRUB's two files. */
export interface GrubFiles {
  readonly boot: Uint8Array;
  readonly core: Uint8Array;
}

/** The code for the disk's first sector, and all of its partitions: `others`, and GRUB's. */
export function withGrub(
  { boot, core }: GrubFiles,
  others: readonly Partition[],
): { bootCode: Uint8Array; partitions: readonly Partition[] } {
  const bytes = Uint8Array.from(core);
  const grub: Partition = { type: PARTITION_TYPES.biosBoot, name: "GRUB", bytes };
  const partitions = [...others, grub];
  const start = partitionStarts(partitions).at(-1) ?? 0;
  const list = new DataView(bytes.buffer);
  list.setBigUint64(BLOCK_LIST, BigInt(start + 1), true);
  list.setUint16(BLOCK_LIST + 8, Math.ceil(bytes.length / SECTOR) - 1, true);
  list.setUint16(BLOCK_LIST + 10, CORE_SEGMENT, true);
  const bootCode = Uint8Array.from(boot.subarray(0, BOOT_CODE_SIZE));
  const view = new DataView(bootCode.buffer);
  view.setBigUint64(CORE_SECTOR, BigInt(start), true);
  view.setUint16(DRIVE_CHECK, NO_OPERATIONS, true);
  return { bootCode, partitions };
}
