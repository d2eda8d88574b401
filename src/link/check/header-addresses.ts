// Addresses in a boot header: where Multiboot 1 with bit 16 of its flags, or Multiboot 2 with the
// tags for load and entry addresses, tells a loader to put the file, whatever its format is.
//
//      Multiboot 1: words 3 to 7     header  start  end of data  end of zeros  entry
//      Multiboot 2: tag 2, tag 3     header  start  end of data  end of zeros; entry
//
// The header's own address says which byte of the file goes to `start`. An end of data of 0 means
// the whole file, an end of zeros of 0 none. (Multiboot 0.6.96, 3.1.3; Multiboot 2, 3.1.5)

import { TAG, tagOf } from "./header-tags";
import type { FileSegment } from "./linked-file";
import type { Subject } from "./subject";

export interface HeaderAddresses {
  readonly start: bigint;
  /** Past the zeros. */
  readonly end: bigint;
  readonly dataEnd: bigint;
  readonly entry: bigint;
  /** The offset in the file of what goes to `start`. */
  readonly offset: bigint;
}

/** The addresses in the header of one version that a loader uses, or why it uses none. */
export function headerAddresses(
  subject: Pick<Subject, "file" | "protocols">,
  version: 1 | 2,
): HeaderAddresses | { readonly wrong: string } {
  const { multiboot, multiboot2 } = subject.protocols;
  const two = version === 2 ? multiboot2 : undefined;
  const [at, fields] = two
    ? [two.offset, tagOf(two, TAG.address)?.fields ?? []]
    : [multiboot?.offset ?? 0, wordsOfHeader(subject, multiboot?.offset ?? 0)];
  const [header = 0n, start = 0n, data = 0n, zeros = 0n, own] = fields.map(BigInt);
  const tag = tagOf(two, TAG.entry)?.fields[0];
  const entry = own ?? (tag === undefined ? undefined : BigInt(tag));
  if (entry === undefined) return { wrong: '"load address tag without entry address tag"' };
  const offset = BigInt(at) - (header - start);
  if (start > header || offset < 0n) {
    return { wrong: "the header's load address does not fit its own address" };
  }
  const dataEnd = data === 0n ? start + BigInt(subject.file.bytes.length) - offset : data;
  return { start, dataEnd, end: zeros > dataEnd ? zeros : dataEnd, entry, offset };
}

/** Words 3 to 7 of a Multiboot 1 header. */
function wordsOfHeader({ file }: Pick<Subject, "file">, offset: number): number[] {
  const view = new DataView(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength);
  const end = Math.min(offset + 32, view.byteLength - 3);
  const words: number[] = [];
  for (let at = offset + 12; at < end; at += 4) words.push(view.getUint32(at, true));
  return words;
}

/** Segments that are not, with all their bytes, where the program headers say. */
export function notLoaded(
  { loads }: Subject,
  { start, end, dataEnd, offset }: HeaderAddresses,
): FileSegment[] {
  return loads.filter((segment) => {
    const { loadAddress, fileSize, memorySize } = segment;
    const isInside = loadAddress >= start && loadAddress + memorySize <= end;
    const hasBytes =
      fileSize === 0 ||
      (loadAddress + BigInt(fileSize) <= dataEnd &&
        BigInt(segment.offset) - offset === loadAddress - start);
    return !isInside || !hasBytes;
  });
}
