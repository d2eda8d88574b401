// Kernel messages: printf in miniature, to the console and so to serial line and screen.
//
//   %s  NUL-terminated string      %S  a string of AssemblyScript's (UTF-16)
//   %u  unsigned decimal           %d  signed decimal           %c  one byte
//   %x  hexadecimal                %p  0x and eight hexadecimal digits
//
// A width pads on the left, with zeros if it begins with 0: `%5u`, `%02x`. Up to six values follow
// the format, each a word.

import { finishOutput, writeByte as writeToConsole } from "../terminal/console";

const VALUES: u32 = 6;
const values: usize = memory.data(4 * 6, 4);
const DIGITS: usize = cstr("0123456789abcdef");
/** Where AssemblyScript keeps a string's length in bytes, before its first unit. */
const STRING_BYTES: usize = 4;

let isQuiet: bool = false;
/** Where output is copied to, and how many bytes are left there. */
let copyAddress: usize = 0;
let copyRoom: u32 = 0;

/** `quiet` on the command line: messages that only inform are dropped. */
export function setQuiet(quiet: bool): void {
  isQuiet = quiet;
}

/** From now on output is also copied to the `size` bytes at `address`, NUL-terminated. */
export function copyOutputTo(address: usize, size: u32): void {
  copyAddress = address;
  copyRoom = size - 1;
}

/** A message that someone should see, on a line of its own. */
export function warn(
  format: usize,
  a: u32 = 0,
  b: u32 = 0,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
): void {
  print(cstr("kernel: "));
  print(format, a, b, c, d, e);
  print(cstr("\n"));
}

/** A message that tells how things go; `quiet` hushes it. */
export function inform(format: usize, a: u32 = 0, b: u32 = 0, c: u32 = 0, d: u32 = 0): void {
  if (!isQuiet) warn(format, a, b, c, d);
}

/** Prints `format` with its values put in, and nothing else. */
export function print(
  format: usize,
  a: u32 = 0,
  b: u32 = 0,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
  f: u32 = 0,
): void {
  store<u32>(values, a);
  store<u32>(values, b, 4);
  store<u32>(values, c, 8);
  store<u32>(values, d, 12);
  store<u32>(values, e, 16);
  store<u32>(values, f, 20);
  let next: u32 = 0;
  let at = format;
  for (let byte: u32 = load<u8>(at); byte !== 0; byte = load<u8>(at)) {
    at++;
    if (byte !== 0x25) {
      writeByte(byte);
      continue;
    }
    const fill: u32 = load<u8>(at) === 0x30 ? 0x30 : 0x20;
    let width: u32 = 0;
    while (isDigit(load<u8>(at))) width = width * 10 + (load<u8>(at++) - 0x30);
    const conversion: u32 = load<u8>(at);
    if (conversion === 0) break;
    at++;
    if (conversion === 0x25 || next === VALUES) writeByte(conversion);
    else convert(conversion, load<u32>(values + 4 * next++), width, fill);
  }
  finishOutput();
}

function convert(conversion: u32, value: u32, width: u32, fill: u32): void {
  switch (conversion) {
    case 0x73: // s
      printString(value, width);
      return;
    case 0x53: // S
      printWide(value);
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
  if (isNegative && fill === 0x30) writeByte(0x2d);
  for (; length < width; length++) writeByte(fill);
  if (isNegative && fill !== 0x30) writeByte(0x2d);
  for (; power !== 0; power /= base) writeByte(load<u8>(DIGITS + ((value / power) % base)));
}

function printString(text: usize, width: u32): void {
  let length: u32 = 0;
  while (load<u8>(text + length) !== 0) length++;
  for (let i = length; i < width; i++) writeByte(0x20);
  for (let i: u32 = 0; i < length; i++) writeByte(load<u8>(text + i));
}

/** The ASCII of a UTF-16 string; 0 prints nothing. */
function printWide(text: usize): void {
  if (text === 0) return;
  const length = load<u32>(text - STRING_BYTES);
  for (let i: u32 = 0; i < length; i += 2) {
    const unit: u32 = load<u16>(text + i);
    writeByte(unit < 0x80 ? unit : 0x3f);
  }
}

function isDigit(byte: u32): bool {
  return byte >= 0x30 && byte <= 0x39;
}

function writeByte(byte: u32): void {
  writeToConsole(byte);
  if (copyRoom === 0) return;
  copyRoom--;
  store<u8>(copyAddress, byte);
  store<u8>(++copyAddress, 0);
}
