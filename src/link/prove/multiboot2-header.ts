// The header that a Multiboot 2 loader looks for, and its tags.
//
//      0 magic  4 architecture (0: i386)  8 length  12 checksum: the four sum to 0
//     16 tags: type (16 bits), flags (16 bits), size; padded to 8 bytes; the last is type 0, size 8
//        type 10, relocatable: 8 lowest address, 12 highest, 16 alignment, 20 preference (0, 1, 2)
//
// See the Multiboot2 specification, 3.1.

import {
  MULTIBOOT2_END_TAG,
  MULTIBOOT2_HEADER_MAGIC,
  MULTIBOOT2_HEADER_SIZE,
  MULTIBOOT2_TAG_HEADER_SIZE,
  MULTIBOOT2_WINDOW,
} from "../../abi/multiboot";

/** The offset of a header, at a multiple of `step`. */
export function findHeader(view: DataView, step: number): number | undefined {
  const end = Math.min(view.byteLength, MULTIBOOT2_WINDOW) - MULTIBOOT2_HEADER_SIZE;
  for (let offset = 0; offset <= end; offset += step) {
    if (view.getUint32(offset, true) !== MULTIBOOT2_HEADER_MAGIC) continue;
    const words = [0, 4, 8, 12].map((field) => view.getUint32(offset + field, true));
    if (words.reduce((sum, word) => sum + word, 0) % 2 ** 32 === 0) return offset;
  }
  return undefined;
}

export interface Tag {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/** The tags up to the end tag or to the first that cannot be one. */
export function tagsOf(view: DataView, header: number): Tag[] {
  const end = Math.min(header + view.getUint32(header + 8, true), view.byteLength);
  const tags: Tag[] = [];
  let offset = header + MULTIBOOT2_HEADER_SIZE;
  while (offset + MULTIBOOT2_TAG_HEADER_SIZE <= end) {
    const type = view.getUint16(offset, true);
    const size = view.getUint32(offset + 4, true);
    if (size < MULTIBOOT2_TAG_HEADER_SIZE || offset + size > end) break;
    tags.push({ type, offset, size });
    if (type === MULTIBOOT2_END_TAG) break;
    offset += Math.ceil(size / 8) * 8;
  }
  return tags;
}
