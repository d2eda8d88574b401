// Boot headers that are where loaders look, but whose words do not add up to 0. To a loader they do
// not exist, so it says the same as for a file without one.

import { MULTIBOOT_HEADER_MAGIC } from "../../abi/multiboot";
import {
  MULTIBOOT_WINDOW,
  MULTIBOOT2_MAGIC,
  MULTIBOOT2_WINDOW,
  type Protocols,
} from "./boot-protocol";

export interface BrokenHeader {
  readonly version: 1 | 2;
  readonly offset: number;
  /** The words before the checksum: magic and flags, or magic, architecture and length. */
  readonly words: readonly number[];
  readonly checksum: number;
}

const KINDS = [
  { version: 1, magic: MULTIBOOT_HEADER_MAGIC, align: 4, window: MULTIBOOT_WINDOW, summed: 2 },
  { version: 2, magic: MULTIBOOT2_MAGIC, align: 8, window: MULTIBOOT2_WINDOW, summed: 3 },
] as const;

/** Headers of versions that the file has no other header of. */
export function brokenHeaders(bytes: Uint8Array, protocols: Protocols): BrokenHeader[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = { 1: protocols.multiboot, 2: protocols.multiboot2 };
  return KINDS.filter(({ version }) => whole[version] === undefined).flatMap((kind) => {
    const { version, magic, align, window, summed } = kind;
    const end = Math.min(window, view.byteLength) - 4 * (summed + 1);
    for (let offset = 0; offset <= end; offset += align) {
      if (view.getUint32(offset, true) !== magic) continue;
      const word = (index: number) => view.getUint32(offset + 4 * index, true);
      const words = Array.from({ length: summed }, (_, index) => word(index));
      return [{ version, offset, words, checksum: word(summed) }];
    }
    return [];
  });
}
