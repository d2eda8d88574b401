// A screen of pixels read back as text, by the kernel's own font (src/abi/font.ts): a cell is a
// character of it, or it is unknown.
//
// A cell has two colours, of which either may be the one behind the character. The cursor is no
// part of one: its rows are left out where nothing else fits.

import {
  ASCII_COUNT,
  ASCII_FIRST,
  BOX_FIRST,
  boxRow,
  CELL_HEIGHT,
  CELL_WIDTH,
  CURSOR_DOTS,
  CURSOR_ROW,
  GLYPH_SHIFT,
  LATIN_FIRST,
} from "../abi/font";
import { boxArms, glyphRows } from "../abi/glyphs";

const [COLUMNS, ROWS] = [80, 25];
const ALL = (1 << CELL_WIDTH) - 1;
const UNKNOWN = "\u{fffd}";
const LONGEST_HEADER = 32;

/** The colour of a pixel, as a number; 0 is black. */
export type PixelAt = (x: number, y: number) => number;

/** A picture as QEMU writes it: netpbm's P6, three bytes a pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixelAt: PixelAt;
}

/** Reads a file in netpbm's format P6; undefined if it is none. */
export function readPicture(bytes: Uint8Array): Picture | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, LONGEST_HEADER));
  const [header, width, height] = /^P6\s(\d+)\s(\d+)\s255\s/.exec(start) ?? [];
  if (header === undefined) return undefined;
  const pixelAt = (x: number, y: number) => {
    const at = header.length + 3 * (y * Number(width) + x);
    return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  };
  return { width: Number(width), height: Number(height), pixelAt };
}

/**
 * The 25 rows of text, without trailing blanks. `cursor` stands for a blank cell with the cursor,
 * U+FFFD for what is no character of the font.
 */
export function textOfPixels(pixelAt: PixelAt, cursor = " "): string[] {
  const known = charactersByDots();
  const character = (row: number, column: number): string => {
    const dots = dotsOf(pixelAt, row, column);
    return (
      known.get(key(dots)) ??
      known.get(key(dots.map((line) => line ^ ALL))) ??
      underCursor(known, dots, cursor)
    );
  };
  return Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: COLUMNS }, (_, column) => character(row, column))
      .join("")
      .trimEnd(),
  );
}

/**
 * The text of a picture, as far as it is one of the kernel's screen: no line of another, whose
 * cells are characters by chance alone.
 */
export function textOfPicture({ width, height, pixelAt }: Picture): string[] {
  if (width < COLUMNS * CELL_WIDTH || height < ROWS * CELL_HEIGHT) return [];
  const lines = textOfPixels(pixelAt);
  const cells = [...lines.join("")].filter((cell) => cell !== " ");
  const unknown = cells.filter((cell) => cell === UNKNOWN);
  return 2 * unknown.length > cells.length ? [] : lines;
}

/** Each row of a cell: which of its pixels have another colour than the first one. */
function dotsOf(pixelAt: PixelAt, row: number, column: number): number[] {
  const [left, top] = [column * CELL_WIDTH, row * CELL_HEIGHT];
  const first = pixelAt(left, top);
  return Array.from({ length: CELL_HEIGHT }, (_, y) => {
    let dots = 0;
    for (let x = 0; x < CELL_WIDTH; x++) {
      dots = (dots << 1) | (pixelAt(left + x, top + y) === first ? 0 : 1);
    }
    return dots;
  });
}

function underCursor(
  known: ReadonlyMap<string, string>,
  dots: readonly number[],
  cursor: string,
): string {
  if (dots.slice(CURSOR_ROW).some((line) => line !== CURSOR_DOTS)) return UNKNOWN;
  const above = dots.slice(0, CURSOR_ROW);
  for (const [shape, character] of known) {
    if (shape.startsWith(`${key(above)},`)) return character === " " ? cursor : character;
  }
  return UNKNOWN;
}

const key = (dots: readonly number[]): string => dots.join();

/** Each character by the dots of its cell; of two that look the same the first. */
function charactersByDots(): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  const add = (code: number, dots: readonly number[]) => {
    if (!known.has(key(dots))) known.set(key(dots), String.fromCharCode(code));
  };
  for (const [index, rows] of glyphRows().entries()) {
    const isAscii = index < ASCII_COUNT;
    add(isAscii ? ASCII_FIRST + index : LATIN_FIRST + index - ASCII_COUNT, glyphDots(rows));
  }
  for (const [index, arms] of boxArms().entries()) {
    const dots = Array.from({ length: CELL_HEIGHT }, (_, y) => boxRow(index, arms, y));
    add(BOX_FIRST + index, dots);
  }
  return known;
}

/** Each row twice, with a margin above and below. */
function glyphDots(rows: readonly number[]): number[] {
  const lines = rows.flatMap((row) => [row << GLYPH_SHIFT, row << GLYPH_SHIFT]);
  return [0, ...lines, 0];
}
