// The screen, 80 columns by 25 rows, as a small ANSI terminal: in the VGA's text mode, or of pixels
// where a boot loader left those (framebuffer.ts).
//
//   a cell    |15    |14  12|11   8|7      0|     font.ts has the codes, of nine bits
//             | code | back | fore | code   |
//
// In the VGA's memory bit 15 would blink, and the code is of its own font.
//
// Understood: BS, HT, LF, CR, and the control sequences ESC [ ... with final A B C D (move),
// H f (position), J K (erase), m (colours), s u (save and restore the position). Others are
// skipped. Of UTF-8 the characters of Latin-1 and those for boxes have a shape; others are a `?`.
//
// Invariants
//   - 0 <= row < ROWS and 0 <= column <= COLUMNS: a full row wraps when the next character comes.
//   - Output changes `text`, a ring of rows whose first is row `top`: to scroll is to move `top`.
//     What is new comes to the screen at the end of a burst, so that lines which scroll through
//     unseen cost nothing there.
//   - `shown` holds what the screen shows; it is what `text` says in all rows but those from
//     `firstChanged` to `lastChanged`. Screen memory is slow, in emulators above all: it is written
//     only where something changes, and never read.
// See ECMA-48 and the VGA's CRTC registers 0x0e and 0x0f.

import { ASCII_FIRST, BOX, BOX_COUNT, BOX_FIRST, LATIN_FIRST } from "../../src/abi/font";
import { outb, store16 } from "../../src/abi/x86";
import { vgaCode } from "./font";
import { hasFramebuffer, paintCell } from "./framebuffer";

export const ROWS: i32 = 25;
export const COLUMNS: i32 = 80;

const CELLS: usize = 0xb8000;
const CELL_SIZE: u32 = 2;
const CRTC_INDEX: u32 = 0x3d4;
const CRTC_DATA: u32 = 0x3d5;
const CURSOR_HIGH: u32 = 0x0e;
const CURSOR_LOW: u32 = 0x0f;

const BLANK: u32 = ASCII_FIRST;
const UNKNOWN: u32 = 0x3f;
const DELETE: u32 = 0x7f;
const CODE_LOW: u32 = 0xff;
const CODE_HIGH: u32 = 0x8000;
const ATTRIBUTE: u32 = 0x7f;
const LIGHT_GREY: u32 = 0x07;
const BRIGHT: u32 = 0x08;
const TAB: i32 = 8;

// Where the parser is in a sequence, or in a character of several bytes.
const GROUND: u32 = 0;
const ESCAPE: u32 = 1;
const CONTROL: u32 = 2;
const CHARACTER: u32 = 3;

const PARAMETERS: u32 = 8;
const parameters: usize = memory.data(4 * PARAMETERS, 4);
/** ANSI counts colours red 1, blue 4; the VGA has it the other way round. */
const VGA_COLOURS: usize = memory.data<u8>([0, 4, 2, 6, 1, 5, 3, 7]);

const ROW_SIZE: u32 = COLUMNS * CELL_SIZE;
const text: usize = memory.data(ROWS * ROW_SIZE, 4);
const shown: usize = memory.data(ROWS * ROW_SIZE, 4);
/** A row without text, in the colours of `rendition`. */
const blankRow: usize = memory.data(ROW_SIZE, 4);
/** No cell's value: there is no such code. */
const NOT_SHOWN: u8 = 0xff;

// UTF-8: a first byte tells by the ones it begins with how many follow, with six bits each.
const UTF8_FIRST: u32 = 0xc0;
const UTF8_REST: u32 = 0x80;
const UTF8_BITS: u32 = 6;
const UTF8_BITS_MASK: u32 = 0x3f;

let top: i32 = 0;
let firstChanged: i32 = 0;
let lastChanged: i32 = 0;
/** What a cell has beside its character: the attribute in the upper byte. */
let rendition: u32 = 0;

let state: u32 = 0; // GROUND: a global cannot begin as a copy of a constant
let parameterCount: u32 = 0;
let row: i32 = 0;
let column: i32 = 0;
/** The cell that shows the cursor, on a screen of pixels. */
let shownCursor: u32 = 0;
let savedRow: i32 = 0;
let savedColumn: i32 = 0;
let foreground: u32 = 0;
let background: u32 = 0;
let isBold: bool = false;
let isReversed: bool = false;

/** A character that has begun: its bits so far, and how many bytes are to come. */
let character: u32 = 0;
let bytesLeft: u32 = 0;

/** Clears the screen, which shows light grey on black. */
export function startScreen(): void {
  selectRendition(0);
  erase(0, ROWS * COLUMNS);
  memory.fill(shown, NOT_SHOWN, ROWS * ROW_SIZE);
  showScreen();
}

/** Takes `size` bytes of output at `from`; call showScreen after the last ones. */
export function writeScreen(from: usize, size: u32): void {
  const end = from + size;
  for (let at = from; at < end; ) {
    const byte = load<u8>(at);
    if (state === GROUND && isPrintable(byte)) at = putRun(at, end);
    else {
      const cell = special(byte);
      if (cell !== 0) putCharacter(cell);
      at++;
    }
  }
}

function isPrintable(byte: u32): bool {
  return byte - BLANK < DELETE - BLANK;
}

/** A byte that is no character of its own: what a cell has of the one that it ends, or 0. */
function special(byte: u32): u32 {
  if (state === CHARACTER) {
    if ((byte & UTF8_FIRST) === UTF8_REST) return goOnWithCharacter(byte & UTF8_BITS_MASK);
    state = GROUND; // a character that is not whole is none
  }
  if (state === ESCAPE) afterEscape(byte);
  else if (state === CONTROL) inSequence(byte);
  else if (isPrintable(byte)) return byte;
  else if (byte >= UTF8_FIRST) beginCharacter(byte);
  else controlCharacter(byte);
  return 0;
}

function beginCharacter(byte: u32): void {
  bytesLeft = clz<u32>(~(byte << 24)) - 1;
  character = byte & (UTF8_BITS_MASK >> bytesLeft);
  state = CHARACTER;
}

function goOnWithCharacter(bits: u32): u32 {
  character = (character << UTF8_BITS) | bits;
  if (--bytesLeft !== 0) return 0;
  state = GROUND;
  return cellOf(character);
}

/** What a cell has of a character beyond ASCII. */
function cellOf(character: u32): u32 {
  if (character - LATIN_FIRST < BOX - LATIN_FIRST) return character;
  const box = character - BOX_FIRST;
  return box < BOX_COUNT ? CODE_HIGH | box : UNKNOWN;
}

/** Brings what has changed to the screen, and the cursor to where the next character will be. */
export function showScreen(): void {
  for (let line = firstChanged; line <= lastChanged; line++) showRow(line);
  firstChanged = ROWS;
  lastChanged = -1;
  showCursor();
}

/** Cells are compared two at a time: most are as they were. */
function showRow(line: i32): void {
  const from = rowAddress(line);
  const to = shown + line * ROW_SIZE;
  for (let at: u32 = 0; at < ROW_SIZE; at += 2 * CELL_SIZE) {
    if (load<u32>(from + at) === load<u32>(to + at)) continue;
    const cell = line * COLUMNS + at / CELL_SIZE;
    showCell(cell, load<u16>(from + at));
    showCell(cell + 1, load<u16>(from + at, CELL_SIZE));
  }
}

function showCell(cell: u32, value: u32): void {
  if (shownAt(cell) === value) return;
  store<u16>(shown + cell * CELL_SIZE, value);
  if (hasFramebuffer()) paint(cell, false);
  else store16(CELLS + cell * CELL_SIZE, (value & (ATTRIBUTE << 8)) | vgaCode(codeIn(value)));
}

function showCursor(): void {
  const last = COLUMNS - 1;
  const cell = <u32>(row * COLUMNS + (column > last ? last : column));
  if (hasFramebuffer()) {
    paint(shownCursor, false);
    paint(cell, true);
    shownCursor = cell;
    return;
  }
  outb(CRTC_INDEX, CURSOR_HIGH);
  outb(CRTC_DATA, cell >> 8);
  outb(CRTC_INDEX, CURSOR_LOW);
  outb(CRTC_DATA, cell & 0xff);
}

/** `cell` is a cell's bits of its character. */
function putCharacter(cell: u32): void {
  store<u16>(nextCell(), rendition | cell);
  column++;
}

/** Puts the characters from `from` on, up to what is not printable, a row's end or `end`: where. */
function putRun(from: usize, end: usize): usize {
  const cell = nextCell();
  const limit = min(end, from + (COLUMNS - column));
  let at = from;
  for (let to = cell; at < limit && isPrintable(load<u8>(at)); at++, to += CELL_SIZE)
    store<u16>(to, rendition | load<u8>(at));
  column += <i32>(at - from);
  return at;
}

/** Where the next character comes, in `text`: on a new row if this one is full. */
function nextCell(): usize {
  if (column === COLUMNS) {
    column = 0;
    lineFeed();
  }
  noteChange(row);
  return rowAddress(row) + column * CELL_SIZE;
}

function controlCharacter(byte: u32): void {
  switch (byte) {
    case 0x08:
      if (column > 0) column--;
      return;
    case 0x09:
      column = min((column / TAB + 1) * TAB, COLUMNS - 1);
      return;
    case 0x0a:
      lineFeed();
      return;
    case 0x0d:
      column = 0;
      return;
    case 0x1b:
      state = ESCAPE;
      return;
    default:
  }
}

function lineFeed(): void {
  if (row < ROWS - 1) {
    row++;
    return;
  }
  top = top + 1 === ROWS ? 0 : top + 1;
  memory.copy(rowAddress(row), blankRow, ROW_SIZE);
  firstChanged = 0;
  lastChanged = ROWS - 1;
}

/** Where row `line` of the screen is in `text`. */
function rowAddress(line: i32): usize {
  const place = top + line;
  return text + (place < ROWS ? place : place - ROWS) * ROW_SIZE;
}

function noteChange(line: i32): void {
  if (line < firstChanged) firstChanged = line;
  if (line > lastChanged) lastChanged = line;
}

function afterEscape(byte: u32): void {
  state = GROUND;
  if (byte !== 0x5b) return; // only ESC [ starts a sequence that is known here
  state = CONTROL;
  parameterCount = 0;
  for (let i: u32 = 0; i < PARAMETERS; i++) store<u32>(parameters + 4 * i, 0);
}

function inSequence(byte: u32): void {
  if (byte >= 0x30 && byte <= 0x39) {
    const at = parameters + 4 * parameterCount;
    store<u32>(at, min<u32>(load<u32>(at) * 10 + (byte - 0x30), 9999));
  } else if (byte === 0x3b) {
    if (parameterCount < PARAMETERS - 1) parameterCount++;
  } else if (byte >= 0x40 && byte <= 0x7e) {
    state = GROUND;
    perform(byte);
  } else if (byte === 0x1b) {
    state = ESCAPE;
  }
}

function perform(final: u32): void {
  switch (final) {
    case 0x41: // A
      moveTo(row - count(), column);
      return;
    case 0x42: // B
      moveTo(row + count(), column);
      return;
    case 0x43: // C
      moveTo(row, column + count());
      return;
    case 0x44: // D
      moveTo(row, min(column, COLUMNS - 1) - count());
      return;
    case 0x48: // H
    case 0x66: // f
      moveTo(<i32>max<u32>(parameter(0), 1) - 1, <i32>max<u32>(parameter(1), 1) - 1);
      return;
    case 0x4a: // J
      eraseInDisplay(parameter(0));
      return;
    case 0x4b: // K
      eraseInLine(parameter(0));
      return;
    case 0x6d: // m
      for (let i: u32 = 0; i <= parameterCount; i++) selectRendition(parameter(i));
      return;
    case 0x73: // s
      savedRow = row;
      savedColumn = column;
      return;
    case 0x75: // u
      moveTo(savedRow, savedColumn);
      return;
    default:
  }
}

function moveTo(newRow: i32, newColumn: i32): void {
  row = max(0, min(newRow, ROWS - 1));
  column = max(0, min(newColumn, COLUMNS - 1));
}

function eraseInDisplay(what: u32): void {
  const here = row * COLUMNS + column;
  const end = ROWS * COLUMNS;
  if (what === 0) erase(here, end);
  // Past a full last row, "up to the cursor" would be a cell too far.
  else if (what === 1) erase(0, min(here + 1, end));
  else erase(0, end);
}

function eraseInLine(what: u32): void {
  const start = row * COLUMNS;
  const end = start + COLUMNS;
  if (what === 0) erase(start + column, end);
  else if (what === 1) erase(start, min(start + column + 1, end));
  else erase(start, end);
}

function selectRendition(code: u32): void {
  choose(code);
  rendition = attribute() << 8;
  for (let at: u32 = 0; at < ROW_SIZE; at += CELL_SIZE) {
    store<u16>(blankRow + at, rendition | BLANK);
  }
}

function choose(code: u32): void {
  if (code === 0) {
    foreground = LIGHT_GREY;
    background = 0;
    isBold = false;
    isReversed = false;
  } else if (code === 1) isBold = true;
  else if (code === 7) isReversed = true;
  else if (code === 22) isBold = false;
  else if (code === 27) isReversed = false;
  else if (code >= 30 && code <= 37) foreground = load<u8>(VGA_COLOURS + (code - 30));
  else if (code === 39) foreground = LIGHT_GREY;
  else if (code >= 40 && code <= 47) background = load<u8>(VGA_COLOURS + (code - 40));
  else if (code === 49) background = 0;
  else if (code >= 90 && code <= 97) foreground = BRIGHT | load<u8>(VGA_COLOURS + (code - 90));
}

function attribute(): u32 {
  const fore = isBold ? foreground | BRIGHT : foreground;
  // The high bit of the background would blink.
  return isReversed ? ((fore & 0x07) << 4) | background : (background << 4) | fore;
}

/** Blanks cells, which are counted from the first row's on. */
function erase(start: i32, end: i32): void {
  for (let cell = start; cell < end; ) {
    const line = cell / COLUMNS;
    const next = min(end, (line + 1) * COLUMNS);
    const size = <usize>(next - cell) * CELL_SIZE;
    memory.copy(rowAddress(line) + (cell % COLUMNS) * CELL_SIZE, blankRow, size);
    noteChange(line);
    cell = next;
  }
}

function parameter(index: u32): u32 {
  return load<u32>(parameters + 4 * index);
}

/** The first parameter as a repeat count: at least 1. */
function count(): i32 {
  return <i32>max<u32>(parameter(0), 1);
}

function paint(cell: u32, isCursor: bool): void {
  const value = shownAt(cell);
  paintCell(cell / COLUMNS, cell % COLUMNS, codeIn(value), value >> 8, isCursor);
}

/** The code of a cell's character. */
function codeIn(value: u32): u32 {
  return (value & CODE_LOW) | ((value >> 7) & BOX);
}

function shownAt(cell: u32): u32 {
  return load<u16>(shown + cell * CELL_SIZE);
}
