// Which boot protocols a file speaks: found by their magic numbers, as loaders find them.
//
//   Multiboot 1   0x1badb002, flags, checksum; 4-byte aligned, in the first 8 KiB of the file
//   Multiboot 2   0xe85250d6, architecture, length, checksum, tags; 8-byte aligned, first 32 KiB
//   Limine        requests: two words of 64 bits, c7b1dd30df4c8b88 0a82e883a194f07b
//   PVH           an ELF note of type 18 named "Xen": a 32-bit entry point
//
// The whole file is searched for a header, because the most common mistake of all is to have one
// where no loader looks.

import { PT_LOAD, PT_NOTE, SHT_NOTE } from "../../abi/elf";
import { MULTIBOOT_HEADER_MAGIC } from "../../abi/multiboot";
import { type HeaderTag, readTags, type TagsEnd } from "./header-tags";
import type { LinkedFile } from "./linked-file";

export const MULTIBOOT_WINDOW = 8192;
export const MULTIBOOT2_WINDOW = 32768;
export const MULTIBOOT2_MAGIC = 0xe85250d6;
/** The architecture of a header for PCs; GRUB there passes over one for another. */
export const MULTIBOOT2_PC = 0;
const LIMINE_MAGIC = [0xdf4c8b88, 0xc7b1dd30, 0xa194f07b, 0x0a82e883];
const PVH_NOTE = 18;
/** The address fields are there: the loader need not read ELF. */
export const MULTIBOOT_ADDRESSES = 1 << 16;

export interface MultibootHeader {
  readonly offset: number;
  readonly flags: number;
  /** It begins where loaders look: aligned, and in the window with all its words. */
  readonly found: boolean;
}

export interface Multiboot2Header {
  readonly offset: number;
  readonly found: boolean;
  /** 0 is the PC's protected mode. */
  readonly architecture: number;
  readonly length: number;
  readonly tags: readonly HeaderTag[];
  readonly tagsEnd: TagsEnd;
}

export interface Protocols {
  readonly multiboot: MultibootHeader | undefined;
  readonly multiboot2: Multiboot2Header | undefined;
  readonly limine: boolean;
  readonly pvh: boolean;
  /** The physical address that the PVH note names. */
  readonly pvhEntry: bigint | undefined;
  /** The name of a section with a note whose sizes reach beyond the section. */
  readonly tornNote: string | undefined;
}

/** Everything in the file that a boot loader looks for. */
export function findProtocols({ file }: { readonly file: LinkedFile }): Protocols {
  const view = new DataView(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength);
  const notes = readNotes(file, view);
  return {
    multiboot: findMultiboot(view),
    multiboot2: findMultiboot2(view),
    limine: limineRequests(file).length > 0,
    pvh: notes.pvhEntry !== undefined,
    pvhEntry: notes.pvhEntry,
    tornNote: notes.torn,
  };
}

/** The header where a Multiboot 1 loader finds it, or else one where no loader looks. */
export function findMultiboot(view: DataView): MultibootHeader | undefined {
  let lost: MultibootHeader | undefined;
  for (let offset = 0; offset + 12 <= view.byteLength; offset++) {
    if (view.getUint32(offset, true) !== MULTIBOOT_HEADER_MAGIC) continue;
    const flags = view.getUint32(offset + 4, true);
    const sum = MULTIBOOT_HEADER_MAGIC + flags + view.getUint32(offset + 8, true);
    if (sum % 2 ** 32 !== 0) continue;
    const found = offset % 4 === 0 && offset + 12 <= MULTIBOOT_WINDOW;
    if (found) return { offset, flags, found };
    lost ??= { offset, flags, found };
  }
  return lost;
}

/** The same for Multiboot 2. */
export function findMultiboot2(view: DataView): Multiboot2Header | undefined {
  let lost: Multiboot2Header | undefined;
  for (let offset = 0; offset + 16 <= view.byteLength; offset++) {
    if (view.getUint32(offset, true) !== MULTIBOOT2_MAGIC) continue;
    const architecture = view.getUint32(offset + 4, true);
    const length = view.getUint32(offset + 8, true);
    const sum = MULTIBOOT2_MAGIC + architecture + length + view.getUint32(offset + 12, true);
    if (sum % 2 ** 32 !== 0) continue;
    const isSeen = offset % 8 === 0 && offset + length <= MULTIBOOT2_WINDOW;
    const found = isSeen && architecture === MULTIBOOT2_PC;
    const { tags, end } = readTags(view, offset + 16, offset + length);
    const header = { offset, found, architecture, length, tags, tagsEnd: end };
    if (found) return header;
    lost ??= header;
  }
  return lost;
}

/** The requests in what is loaded: the second half of each one's ID, as Limine prints it. */
export function limineRequests({ bytes, segments }: LinkedFile): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return segments
    .filter(({ type }) => type === PT_LOAD)
    .flatMap(({ address, offset, fileSize }) => {
      const found: string[] = [];
      const end = Math.min(offset + fileSize, view.byteLength);
      // Limine looks at addresses that are multiples of 8.
      for (let at = offset + Number(-address & 7n); at + 32 <= end; at += 8) {
        if (!LIMINE_MAGIC.every((word, i) => view.getUint32(at + 4 * i, true) === word)) continue;
        const id = [16, 24].map((field) => view.getBigUint64(at + field, true).toString(16));
        found.push(id.join(" ").toUpperCase());
      }
      return found;
    });
}

function readNotes(file: LinkedFile, view: DataView) {
  let pvhEntry: bigint | undefined;
  let torn: string | undefined;
  const ranges = [
    ...file.segments
      .filter(({ type }) => type === PT_NOTE)
      .map(({ index, offset, fileSize }) => ({ name: `segment ${index}`, offset, size: fileSize })),
    ...file.sections
      .filter(({ type }) => type === SHT_NOTE)
      .map(({ name, offset, bytes }) => ({ name, offset, size: bytes.length })),
  ];
  for (const { name, offset, size } of ranges) {
    const end = Math.min(offset + size, view.byteLength);
    for (let at = offset; at + 12 <= end; ) {
      const nameSize = view.getUint32(at, true);
      const contentSize = view.getUint32(at + 4, true);
      const type = view.getUint32(at + 8, true);
      const next = at + 12 + round4(nameSize) + round4(contentSize);
      const isXen = nameSize === 4 && at + 16 <= end && view.getUint32(at + 12, true) === 0x6e6558;
      const isPvh = isXen && type === PVH_NOTE;
      if (next > end + 3 || (isPvh && contentSize !== 4 && contentSize !== 8)) {
        torn ??= name;
        break;
      }
      if (isPvh && next <= end + 3) pvhEntry ??= pvhEntryAt(view, at + 16, contentSize);
      at = next;
    }
  }
  return { pvhEntry, torn };
}

/** The note's content: 4 or 8 bytes. */
function pvhEntryAt(view: DataView, offset: number, size: number): bigint | undefined {
  if (offset + size > view.byteLength) return undefined;
  return size === 8 ? view.getBigUint64(offset, true) : BigInt(view.getUint32(offset, true));
}

function round4(size: number): number {
  return Math.ceil(size / 4) * 4;
}
