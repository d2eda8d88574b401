// The format of an initramfs: cpio, "newc". One place for its headers; initramfs.ts reads and
// writes whole archives in memory, src/guest/pack-tree.ts packs folders.
//
//   "070701", then 13 fields of 8 hexadecimal digits: inode, mode, uid, gid, links, mtime, size,
//   device major, minor, special major, minor, name size (NUL included), check (0)
//   name and NUL, padded with NULs to a multiple of 4 from the header's start
//   data, padded with NULs to a multiple of 4
//
// The archive ends with an entry named "TRAILER!!!".
// See Linux, Documentation/driver-api/early-userspace/buffer-format.rst.

import { alignUp } from "../base/align";

export const CPIO_HEADER_SIZE = 110;
export const CPIO_TRAILER = "TRAILER!!!";
export const CPIO_ALIGNMENT = 4;

export interface CpioHeader {
  readonly inode: number;
  /** Type and permissions. */
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  readonly links: number;
  readonly modified: number;
  readonly size: number;
  /** In bytes, without the NUL. */
  readonly nameLength: number;
}

/** The last header of an archive. */
export const CPIO_END: CpioHeader = {
  ...{ inode: 0, mode: 0, owner: 0, group: 0, links: 1, modified: 0, size: 0 },
  nameLength: CPIO_TRAILER.length,
};

/** The header's text. */
export function cpioHeader(header: CpioHeader): string {
  const { inode, mode, owner, group, links, modified, size, nameLength } = header;
  const fields = [inode, mode, owner, group, links, modified, size, 0, 0, 0, 0, nameLength + 1, 0];
  return `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
}

/** How many bytes an entry takes, from its header to the next one. */
export function cpioEntrySize(nameLength: number, size: number): number {
  return cpioDataOffset(nameLength) + alignUp(size, CPIO_ALIGNMENT);
}

/** Where an entry's data begins, from its header on. */
export function cpioDataOffset(nameLength: number): number {
  return alignUp(CPIO_HEADER_SIZE + nameLength + 1, CPIO_ALIGNMENT);
}
