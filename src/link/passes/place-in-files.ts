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

import { shapeFor } from "../elf/shape";
import type { ResolvedLayout } from "../layout/resolved";
import type { LoadedRange, Piece, Segment } from "./make-segments";

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
  const notes = own.flatMap(({ pieces }) => pieces.filter(({ section }) => section.isNote));
  return own.length + notes.length + (stackHeader ? 1 : 0);
}

/** A section of notes, and where it is in the file. */
export type NotePiece = Piece & { readonly start: number };

/** Sections of notes have a program header of their own besides that of their segment. */
export function notePieces(segments: readonly Segment[]): NotePiece[] {
  return segments.flatMap(({ pieces, offset, address }) =>
    pieces
      .filter(({ section }) => section.isNote)
      .map((piece) => {
        return { ...piece, start: offset + piece.section.address + piece.offset - address };
      }),
  );
}

/** Where the program headers end, which follow the ELF header. */
export function headersEnd(
  segments: readonly LoadedRange[],
  layout: ResolvedLayout,
  module?: string,
): number {
  const { header, segment } = shapeFor(layout.machine);
  return header.size + headerCount(segments, layout, module) * segment.size;
}

/** A module's pages are mapped where the loader put the file, so there they must be whole. */
export function fileAlignOf({ fileAlign }: ResolvedLayout, module: string | undefined): number {
  return module === undefined ? fileAlign : PAGE;
}
