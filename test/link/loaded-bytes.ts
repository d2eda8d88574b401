// What a loader makes of an ELF file, for comparing two of them byte by byte.

import { PT_LOAD } from "../../src/abi/elf";
import type { ElfFile } from "../../src/link/elf/read";

/** VMA and byte, as text, of each byte that is loaded, by its LMA. */
export function loadedBytes(file: ElfFile, bytes: Uint8Array): Map<number, string> {
  const memory = new Map<number, string>();
  for (const segment of file.segments) {
    if (segment.type !== PT_LOAD) continue;
    for (let offset = 0; offset < segment.memorySize; offset++) {
      const byte = offset < segment.fileSize ? bytes[segment.offset + offset] : 0;
      memory.set(segment.loadAddress + offset, `${segment.address + offset}: ${byte}`);
    }
  }
  return memory;
}
