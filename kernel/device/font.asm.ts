// The font's data in the image: glyphs, arms, and what the VGA's own font has instead.
//
//   font_glyphs   GLYPH_SIZE bytes for each character of Latin-1 that has a glyph
//   font_boxes    a byte for each character of box drawing: its arms
//   font_vga      a byte for each character of both beyond ASCII: its code in code page 437
//
// The shapes are src/abi/glyphs.ts, their meaning is src/abi/font.ts.

import { vgaCodes } from "../../src/abi/code-page";
import { GLYPH_COLUMNS, GLYPH_SIZE } from "../../src/abi/font";
import { boxArms, glyphRows } from "../../src/abi/glyphs";
import type { Assembler } from "../../src/x86/assembler";

export default function font(a: Assembler): void {
  a.section(".rodata");
  a.global("font_glyphs", "object");
  for (const rows of glyphRows()) a.byte(...packed(rows));
  a.global("font_boxes", "object");
  a.byte(...boxArms());
  // Not last: a glyph is read as words, which reach beyond it.
  a.global("font_vga", "object");
  a.byte(...vgaCodes());
}

/** The rows one after the other, the topmost in the lowest bits. */
export function packed(rows: readonly number[]): number[] {
  const bits = rows.reduceRight((all, row) => (all << BigInt(GLYPH_COLUMNS)) | BigInt(row), 0n);
  return Array.from({ length: GLYPH_SIZE }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
}
