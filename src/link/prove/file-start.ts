// The first bytes of an image's ELF file, where boot loaders look for their headers.

import type { LinkedImage } from "../passes/image";

/**
 * The first `size` bytes of the file, or less if what is loaded ends before that. The ELF headers
 * themselves are left zero: nothing that a boot loader looks for is in them.
 */
export function fileStart({ segments }: LinkedImage, size: number): DataView {
  const stored = segments.filter(({ module, fileSize }) => module === undefined && fileSize > 0);
  const end = Math.max(0, ...stored.map(({ offset, fileSize }) => offset + fileSize));
  const bytes = new Uint8Array(Math.min(size, end));
  for (const segment of stored) {
    for (const { section, offset, fileSize } of segment.pieces) {
      const start = segment.offset + section.address + offset - segment.address;
      if (fileSize === 0 || start >= bytes.length) continue;
      const length = Math.min(fileSize, bytes.length - start);
      bytes.set(section.bytes.subarray(offset, offset + length), start);
    }
  }
  return new DataView(bytes.buffer);
}
