// Text for whoever watches: on the VGA's screen and on the first serial line.

import { inb, outb, store16 } from "isthmus/src/abi/x86";

const SCREEN: usize = 0xb8000;
const COLUMNS: u32 = 80;
const ROWS: u32 = 25;
const LIGHT_GREY: u32 = 0x0700;

const SERIAL: u32 = 0x3f8;
const LINE_STATUS: u32 = 0x3fd;
const READY: u32 = 0x20;

/** The cell of the next character. */
let cell: u32 = 0;

export function clearScreen(): void {
  for (let each: u32 = 0; each < COLUMNS * ROWS; each++) showAt(each, 0x20);
}

/** Prints the text at `text`, up to its NUL. */
export function print(text: usize): void {
  for (let at = text; load<u8>(at) !== 0; at++) put(load<u8>(at));
}

export function printHex(value: u32): void {
  print(cstr("0x"));
  for (let shift = 28; shift >= 0; shift -= 4) {
    put(load<u8>(cstr("0123456789abcdef") + ((value >> shift) & 15)));
  }
}

export function put(byte: u32): void {
  show(byte);
  while ((inb(LINE_STATUS) & READY) === 0) {}
  outb(SERIAL, byte);
}

function show(byte: u32): void {
  if (byte === 0x0a) {
    cell = ((cell / COLUMNS + 1) % ROWS) * COLUMNS;
  } else {
    showAt(cell, byte);
    cell = (cell + 1) % (COLUMNS * ROWS);
  }
}

function showAt(at: u32, byte: u32): void {
  store16(SCREEN + at * 2, LIGHT_GREY | byte);
}
