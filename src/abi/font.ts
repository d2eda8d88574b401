// The shapes of characters on a screen of pixels: what the kernel paints, and what tools read back.
//
//   a cell       8 by 16 pixels; in the rows below bit 7 is the leftmost
//   a code       0x20 to 0xff: a character of Latin-1, with a glyph of 5 by 7 dots (glyphs.ts):
//                each row twice, with a margin row above and below, and the first dot in column 1
//                BOX and up: the character BOX_FIRST and up, which has lines from the middle to the
//                edges: its arms
//   arms         two bits each: up, right, down, left; NONE, LIGHT, HEAVY or DOUBLE
//
// Lines of neighbours meet: a light one is in row 7 and column 3, a heavy one in 8 and 4 as well, a
// double one in rows 6 and 9 and columns 2 and 5.
// See the Unicode Standard, chart U2500.

export const CELL_WIDTH: u32 = 8;
export const CELL_HEIGHT: u32 = 16;
export const GLYPH_COLUMNS: u32 = 5;
export const GLYPH_ROWS: u32 = 7;
/** Where the cursor is: the last rows of a cell, as wide as a glyph. */
export const CURSOR_ROW: u32 = 14;
export const CURSOR_DOTS: u32 = 0x7c;
/** A row of a glyph, as bits of a cell's. */
export const GLYPH_SHIFT: u32 = 2;
/** How many bytes a glyph takes in the image: 35 bits, the topmost row in the lowest. */
export const GLYPH_SIZE: u32 = 5;

/** Latin-1's characters that have glyphs: ASCII's 95, then those from here on. */
export const ASCII_FIRST: u32 = 0x20;
export const ASCII_COUNT: u32 = 95;
export const LATIN_FIRST: u32 = 0xa0;
export const LATIN_COUNT: u32 = 96;
export const BOX: u32 = 0x100;
export const BOX_COUNT: u32 = 128;
export const BOX_FIRST: u32 = 0x2500;

/** For each weight four bits, the rows 6 to 9 that a horizontal line is in. */
const HORIZONTAL: u32 = 0x9620;
/** For each weight a byte: the columns that a vertical line is in. */
const VERTICAL: u32 = 0x24181000;
const FIRST_LINE: u32 = 6;
const LINES: u32 = 4;
/** Above it a vertical line is the upper arm, from here on the lower. */
const MIDDLE: u32 = 8;
/** The columns of a horizontal line, from the left to the middle, and from there to the right. */
const LEFT: u32 = 0xf8;
const RIGHT: u32 = 0x1f;

/** What a line of dashes has of each 8 pixels: two dashes, three, four. */
const DASHES_TWO: u32 = 0xdd;
const DASHES_THREE: u32 = 0xdb;
const DASHES_FOUR: u32 = 0x55;

/** Arcs have no corner. */
const ARC_FIRST: u32 = 0x6d;
const ARC_COUNT: u32 = 4;
const CORNER: u32 = 0x10;
/** Diagonals have no arms: one, another, and both. */
const RISING: u32 = 0x71;
const FALLING: u32 = 0x72;

/** Row `y` of the cell of the character BOX_FIRST + `index`, whose arms are given. */
export function boxRow(index: u32, arms: u32, y: u32): u32 {
  if (arms === 0) return diagonalRow(index, y);
  const half = y < MIDDLE ? arms : arms >> 4;
  let dots = (VERTICAL >> ((half & 3) * 8)) & 0xff;
  const row = y - FIRST_LINE;
  if (row >>> 0 < LINES) {
    if (((HORIZONTAL >> ((arms >> 6) * LINES + row)) & 1) !== 0) dots |= LEFT;
    if (((HORIZONTAL >> (((arms >> 2) & 3) * LINES + row)) & 1) !== 0) dots |= RIGHT;
  }
  if ((index - ARC_FIRST) >>> 0 < ARC_COUNT && y === MIDDLE - 1) dots &= ~CORNER;
  const dashes = dashesOf(index);
  const shown = (arms & 3) === 0 ? dashes : 0 - ((dashes >> (((y + 1) >> 1) & 7)) & 1);
  return dots & shown;
}

function dashesOf(index: u32): u32 {
  if ((index - 0x4c) >>> 0 < 4) return DASHES_TWO;
  if ((index - 0x04) >>> 0 >= 8) return 0xff;
  return index < 0x08 ? DASHES_THREE : DASHES_FOUR;
}

function diagonalRow(index: u32, y: u32): u32 {
  const half = y >> 1;
  const rising = index === FALLING ? 0 : 1 << half;
  const falling = index === RISING ? 0 : 0x80 >> half;
  return rising | falling;
}
