// Pass: where the bytes of each segment lie in the ELF file that it goes to.
//
//      | ELF header | program headers | segment 0 |  | segment 1 | … what is not loaded
//                                     ^ offset = address, modulo the layout's fileAlign
//
// The image has a file, and so has each module of the layout. What is not loaded comes after the
// segments, so their offsets are known before symbols and debug information are.
//
// Invariants
//   - Offsets ascend in each file, and no two segments share a byte of it.
//   - A segment of zeros takes no room: its offset only has to be congruent.

import { EHDR_SIZE, PHDR_SIZE } from "../../abi/elf";
import type { ResolvedLayout } from "../layout/resolved";
import type { LoadedRange, Segment } from "./make-segments";

const PAGE = 4096;

/** Gives each segment its offset. */
export function placeInFiles(ranges: readonly LoadedRange[], layout: ResolvedLayout): Segment[] {
  const ends = new Map<string | undefined, number>();
  return ranges.map((range) => {
    const { module, fileSize } = range;
    const end = ends.get(module) ?? headersEnd(ranges, layout, module);
    const fileAlign = fileAlignOf(layout, module);
    const excess = (end - (range.address % fileAlign) + fileAlign) % fileAlign;
    const padding = excess === 0 ? 0 : fileAlign - excess;
    const offset = fileSize > 0 ? end + padding : Math.max(0, end - excess);
    ends.set(module, fileSize > 0 ? offset + fileSize : end);
    return { ...range, offset };
  });
}

/** How many program headers a file has: the image's, or that of a module. */
export function headerCount(
  segments: readonly LoadedRange[],
  { stackHeader }: ResolvedLayout,
  module?: string,
): number {
  const own = segments.filter((segment) => segment.module === module);
  return own.length + (stackHeader ? 1 : 0);
}

/** Where the program headers end, which follow the ELF header. */
export function headersEnd(
  segments: readonly LoadedRange[],
  layout: ResolvedLayout,
  module?: string,
): number {
  return EHDR_SIZE + headerCount(segments, layout, module) * PHDR_SIZE;
}

/** A module's pages are mapped where the loader put the file, so there they must be whole. */
export function fileAlignOf({ fileAlign }: ResolvedLayout, module: string | undefined): number {
  return module === undefined ? fileAlign : PAGE;
}
