// Text with values put in: printf in miniature.
//
//   %s  NUL-terminated string      %c  one byte
//   %u  unsigned decimal           %d  signed decimal
//   %x  hexadecimal                %p  0x and eight hexadecimal digits
//   %o  octal
//
// A width pads on the left, with zeros if it begins with 0, and on the right after a minus: `%5u`,
// `%02x`, `%-10s`. Each value is a word.

import { textLength } from "./text-length";

const WORD: usize = 4;
const DIGITS: usize = cstr("0123456789abcdef");
const SPACE: u32 = 0x20;
const MINUS: u32 = 0x2d;

/** Function index of (byte: u32): void, which takes the text. */
let writer: u32 = 0;

/**
 * Hands the function of index `write` the bytes of `format`, with the words at `values` put in, as
 * many as it has conversions.
 */
export function formatText(write: u32, format: usize, values: usize): void {
  writer = write;
  let next = values;
  let at = format;
  for (let byte: u32 = load<u8>(at); byte !== 0; byte = load<u8>(at)) {
    at++;
    if (byte !== 0x25) {
      writeByte(byte);
      continue;
    }
    const isLeft = load<u8>(at) === MINUS;
    if (isLeft) at++;
    const fill: u32 = load<u8>(at) === 0x30 ? 0x30 : SPACE;
    let width: u32 = 0;
    while (isDigit(load<u8>(at))) width = width * 10 + (load<u8>(at++) - 0x30);
    const conversion: u32 = load<u8>(at);
    if (conversion === 0) break;
    at++;
    if (conversion === 0x25) writeByte(conversion);
    else {
      convert(conversion, load<u32>(next), width, isLeft ? 0 : fill);
      next += WORD;
    }
  }
}

function convert(conversion: u32, value: u32, width: u32, fill: u32): void {
  switch (conversion) {
    case 0x73: // s
      printString(value, width, fill);
      return;
    case 0x63: // c
      writeByte(value);
      return;
    case 0x75: // u
      printNumber(value, 10, width, fill);
      return;
    case 0x64: // d
      if (<i32>value < 0) printNumber(0 - value, 10, width, fill, true);
      else printNumber(value, 10, width, fill);
      return;
    case 0x78: // x
      printNumber(value, 16, width, fill);
      return;
    case 0x6f: // o
      printNumber(value, 8, width, fill);
      return;
    case 0x70: // p
      writeByte(0x30);
      writeByte(0x78);
      printNumber(value, 16, 8, 0x30);
      return;
    default:
      writeByte(conversion);
  }
}

function printNumber(value: u32, base: u32, width: u32, fill: u32, isNegative: bool = false): void {
  let length: u32 = isNegative ? 2 : 1;
  let power: u32 = 1;
  while (value / power >= base) {
    power *= base;
    length++;
  }
  if (isNegative && fill !== SPACE) writeByte(MINUS);
  if (fill !== 0) pad(length, width, fill);
  if (isNegative && fill === SPACE) writeByte(MINUS);
  for (; power !== 0; power /= base) writeByte(load<u8>(DIGITS + ((value / power) % base)));
  if (fill === 0) pad(length, width, SPACE);
}

/** Without a fill it begins at the left. */
function printString(text: usize, width: u32, fill: u32): void {
  const length = textLength(text);
  if (fill !== 0) pad(length, width, SPACE);
  for (let i: u32 = 0; i < length; i++) writeByte(load<u8>(text + i));
  if (fill === 0) pad(length, width, SPACE);
}

function pad(length: u32, width: u32, fill: u32): void {
  for (let i = length; i < width; i++) writeByte(fill);
}

function isDigit(byte: u32): bool {
  return byte >= 0x30 && byte <= 0x39;
}

function writeByte(byte: u32): void {
  call_indirect<void>(writer, byte);
}
