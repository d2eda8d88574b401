// Characters on a screen of pixels: what a boot loader leaves where there is no VGA text mode.
//
//   a cell   8 by 16 pixels (font.ts)
//   a pixel  3 or 4 bytes, with 8 bits for each colour at a position that the loader named
//
// Invariants
//   - The screen's memory is never read: over a bus that takes longer than all else here.
//   - What is written lies within `height` lines of `pitch` bytes, which the caller has mapped.
// See screen.ts, which knows what is in each cell.

import { CELL_HEIGHT, CELL_WIDTH, CURSOR_DOTS, CURSOR_ROW } from "../../src/abi/font";
import { store8, store32 } from "../../src/abi/x86";
import { cellRow } from "./font";

const BITS_OF_BYTE: u32 = 3;

/** The VGA's sixteen colours, as 0xRRGGBB. */
const COLOURS: usize = memory.data<u32>([
  0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500, 0xaaaaaa, 0x555555,
  0x5555ff, 0x55ff55, 0x55ffff, 0xff5555, 0xff55ff, 0xffff55, 0xffffff,
]);

/** The same as pixels. */
const palette: usize = memory.data(4 * 16, 4);

let base: usize = 0;
let linePitch: u32 = 0;
let pixelBytes: u32 = 0;

/** Whether there is a screen of pixels. */
export function hasFramebuffer(): bool {
  return base !== 0;
}

/**
 * From now on cells are painted at `address`, in `lines` lines of `pitch` bytes, all of which are
 * black at first: the firmware may have left a picture. `red`, `green` and `blue`
 * are the positions of the lowest bits of the colours in a pixel of `bits` bits, 24 or 32.
 */
export function useFramebuffer(
  address: usize,
  pitch: u32,
  lines: u32,
  bits: u32,
  red: u32,
  green: u32,
  blue: u32,
): void {
  base = address;
  linePitch = pitch;
  pixelBytes = bits >> BITS_OF_BYTE;
  for (let i: u32 = 0; i < 16; i++) {
    const colour = load<u32>(COLOURS + 4 * i);
    const pixel =
      ((colour >> 16) << red) | (((colour >> 8) & 0xff) << green) | ((colour & 0xff) << blue);
    store<u32>(palette + 4 * i, pixel);
  }
  const end = address + pitch * lines;
  for (let at = address; at + 4 <= end; at += 4) store32(at, 0);
}

/** Paints the cell in that row and column: a character's code, and the VGA's two colours. */
export function paintCell(row: u32, column: u32, code: u32, attribute: u32, isCursor: bool): void {
  const fore = load<u32>(palette + 4 * (attribute & 0x0f));
  const back = load<u32>(palette + 4 * ((attribute >> 4) & 0x07));
  let line = base + row * CELL_HEIGHT * linePitch + column * CELL_WIDTH * pixelBytes;
  for (let y: u32 = 0; y < CELL_HEIGHT; y++) {
    const dots = isCursor && y >= CURSOR_ROW ? CURSOR_DOTS : cellRow(code, y);
    paintLine(line, dots, fore, back);
    line += linePitch;
  }
}

/** Eight pixels: bit 7 of `dots` is the leftmost. */
function paintLine(at: usize, dots: u32, fore: u32, back: u32): void {
  for (let bit: u32 = 1 << (CELL_WIDTH - 1); bit !== 0; bit >>= 1) {
    const pixel = (dots & bit) !== 0 ? fore : back;
    if (pixelBytes === 4) store32(at, pixel);
    else {
      store8(at, pixel & 0xff);
      store8(at + 1, (pixel >> 8) & 0xff);
      store8(at + 2, pixel >> 16);
    }
    at += pixelBytes;
  }
}
