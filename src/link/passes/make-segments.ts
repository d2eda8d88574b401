// Pass: the program headers: what a loader copies and what it zeroes.
//
//      sections    | .data            0 0 0 0 | .bss        | .rodata  |
//      segments    |<---- file ---->|<--- zeroed by the --->|<- file ->|
//                  |                |       loader          |
//
// Neighbours with the same permissions and the same distance from VMA to LMA share a segment. Zeros
// at a segment's end are left to the loader, and a segment is cut where many zeros lie in its
// middle: static data of asc has its empty buffers among its tables. Whole pages of zeros are cut
// out; where loaders copy the file (`fileAlign` below a page), so is any run that is worth a
// program header.
//
// Invariants
//   - Segments ascend as the sections do; no two overlap.
//   - A segment that follows a cut begins at a multiple of `fileAlign`, or of a page if that is
//     less: a loader that maps the file finds it on a page.
//   - A module's segments have all their bytes in the file, zeros too: no loader reads its program
//     headers, and a kernel may map its pages where they lie.

import { alignDown } from "../../base/align";
import type { PlacedSection } from "./model";

const PAGE = 4096;
/** The least zeros at the end of a section that are worth leaving out. */
const TAIL = 64;
/** Zeros within a section that are worth a cut: a program header and two section headers. */
const HOLE = 256;

/** Part of an output section: `fileSize` bytes of content, zeros up to `size`. */
export interface Piece {
  readonly section: PlacedSection;
  /** From the section's start. */
  readonly offset: number;
  readonly size: number;
  readonly fileSize: number;
}

/** What a segment is before place-in-files.ts. */
export interface LoadedRange {
  readonly address: number;
  readonly loadAddress: number;
  readonly memorySize: number;
  readonly fileSize: number;
  readonly permissions: PlacedSection["plan"]["permissions"];
  /** The file of its own that it goes to; absent: the image. */
  readonly module: string | undefined;
  readonly pieces: readonly Piece[];
}

export interface Segment extends LoadedRange {
  /** Where its bytes lie in the file. */
  readonly offset: number;
}

/**
 * The segments of all sections that have a size, in the order of the layout.
 * @param fileAlign the layout's: what file offsets are congruent to VMAs by
 */
export function makeSegments(sections: readonly PlacedSection[], fileAlign: number): LoadedRange[] {
  const segments: LoadedRange[] = [];
  for (const section of sections) {
    if (!section.plan.allocate || section.size === 0) continue;
    for (const piece of cut(section, Math.min(fileAlign, PAGE))) {
      const last = segments.pop();
      const joined = last && join(last, piece);
      if (last && !joined) segments.push(last);
      segments.push(joined ?? begin(piece));
    }
  }
  return segments;
}

function begin(piece: Piece): LoadedRange {
  const { section, offset, size, fileSize } = piece;
  return {
    address: section.address + offset,
    loadAddress: section.loadAddress + offset,
    memorySize: size,
    fileSize,
    permissions: section.plan.permissions,
    module: section.plan.module,
    pieces: [piece],
  };
}

function join(segment: LoadedRange, piece: Piece): LoadedRange | undefined {
  const { section, offset, size, fileSize } = piece;
  const gap = section.address + offset - (segment.address + segment.memorySize);
  const sameDistance =
    segment.address - segment.loadAddress === section.address - section.loadAddress;
  if (section.plan.permissions !== segment.permissions || !sameDistance) return undefined;
  if (section.plan.module !== segment.module) return undefined;
  if (gap < 0 || gap >= PAGE) return undefined;
  if (fileSize > 0 && segment.fileSize !== segment.memorySize) return undefined;
  const memorySize = segment.memorySize + gap + size;
  return {
    ...segment,
    memorySize,
    fileSize: fileSize > 0 ? segment.memorySize + gap + fileSize : segment.fileSize,
    pieces: [...segment.pieces, piece],
  };
}

/** @param grain what the addresses after a cut are multiples of */
function cut(section: PlacedSection, grain: number): Piece[] {
  const { bytes, size, address } = section;
  if (section.plan.module !== undefined) return [{ section, offset: 0, size, fileSize: size }];
  if (section.isZero) return [{ section, offset: 0, size, fileSize: 0 }];
  const pieces: Piece[] = [];
  let start = 0;
  for (const [from, to] of zeroRuns(bytes)) {
    const next = to === size ? size : alignDown(address + to, grain) - address;
    const worthIt = to === size ? to - from >= TAIL : next - from >= Math.max(grain, HOLE);
    if (!worthIt) continue;
    pieces.push({ section, offset: start, size: next - start, fileSize: from - start });
    start = next;
  }
  if (start < size)
    pieces.push({ section, offset: start, size: size - start, fileSize: size - start });
  return pieces;
}

/** The ranges of at least TAIL zero bytes. */
function* zeroRuns(bytes: Uint8Array): Generator<readonly [number, number]> {
  let position = bytes.indexOf(0);
  while (position >= 0) {
    let end = position;
    while (end < bytes.length && bytes[end] === 0) end += 1;
    if (end - position >= TAIL) yield [position, end];
    position = bytes.indexOf(0, end);
  }
}
