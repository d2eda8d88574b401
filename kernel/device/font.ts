// The font of the framebuffer's screen: an own one, of Latin-1 and of lines for drawing boxes.
//
// What codes and rows are is src/abi/font.ts; the data is assembled by font.asm.ts.

import {
  ASCII_COUNT,
  ASCII_FIRST,
  BOX,
  boxRow,
  GLYPH_COLUMNS,
  GLYPH_ROWS,
  GLYPH_SHIFT,
  GLYPH_SIZE,
  LATIN_COUNT,
  LATIN_FIRST,
} from "../../src/abi/font";
import * as symbols from "../machine/i686/symbols";

/** Row `y` of the cell of a character, by its code. */
export function cellRow(code: u32, y: u32): u32 {
  if (code >= BOX) {
    const index = code - BOX;
    return boxRow(index, load<u8>(symbols.font_boxes() + index), y);
  }
  // The margin above the first row wraps around to far more than the last.
  const row = (y - 1) >> 1;
  if (row >= GLYPH_ROWS) return 0;
  const index = code < LATIN_FIRST ? code - ASCII_FIRST : code - LATIN_FIRST + ASCII_COUNT;
  const bit = row * GLYPH_COLUMNS;
  const bits = load<u32>(symbols.font_glyphs() + index * GLYPH_SIZE + (bit >> 3)) >> (bit & 7);
  return (bits & ((1 << GLYPH_COLUMNS) - 1)) << GLYPH_SHIFT;
}

/** What shows the character in the VGA's own font. */
export function vgaCode(code: u32): u32 {
  if (code < LATIN_FIRST) return code;
  const index = code >= BOX ? code - BOX + LATIN_COUNT : code - LATIN_FIRST;
  return load<u8>(symbols.font_vga() + index);
}
