// A screen of pixels read back as text, by the kernel's own font: exact, or not at all.

import { loadKernelPart } from "../kernel-part";

const [COLUMNS, ROWS] = [80, 25];
const [CELL_WIDTH, CELL_HEIGHT] = [8, 16];
const [GLYPH_COLUMNS, GLYPH_ROWS] = [5, 7];

/** Whether the pixel there is lit. */
export type PixelAt = (x: number, y: number) => boolean;

/** Each character by the dots of its cell, as PixelAt would tell them. */
function charactersByDots(): Map<string, string> {
  const part = loadKernelPart('export { glyphOf } from "./kernel/device/font";');
  const known = new Map<string, string>();
  for (let code = 0x20; code < 0x7f; code++) {
    const rows = part.read(part.call.glyphOf!(code), GLYPH_ROWS);
    const lines = Array.from({ length: CELL_HEIGHT }, (_, y) => {
      const row = y === 0 || y === CELL_HEIGHT - 1 ? 0 : rows[(y - 1) >> 1]!;
      const shifted = row << (CELL_WIDTH - 1 - GLYPH_COLUMNS);
      return shifted.toString(2).padStart(CELL_WIDTH, "0");
    });
    known.set(lines.join(""), String.fromCharCode(code));
  }
  return known;
}

/** The rows of text, without trailing blanks; the cursor is `_`, anything else `\u{fffd}`. */
export function textOfPixels(isLit: PixelAt): string[] {
  const known = charactersByDots();
  const cell = (row: number, column: number) =>
    Array.from({ length: CELL_HEIGHT * CELL_WIDTH }, (_, i) => {
      const [x, y] = [i % CELL_WIDTH, Math.floor(i / CELL_WIDTH)];
      return isLit(column * CELL_WIDTH + x, row * CELL_HEIGHT + y) ? "1" : "0";
    }).join("");
  const cursorDots = cursor();
  return Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: COLUMNS }, (_, column) => {
      const dots = cell(row, column);
      return known.get(dots) ?? (dots === cursorDots ? "_" : "\u{fffd}");
    })
      .join("")
      .trimEnd(),
  );
}

/** A blank cell with the cursor. */
function cursor(): string {
  const line = "1"
    .repeat(GLYPH_COLUMNS)
    .padStart(GLYPH_COLUMNS + 1, "0")
    .padEnd(CELL_WIDTH, "0");
  return "0".repeat((CELL_HEIGHT - 2) * CELL_WIDTH) + line.repeat(2);
}
