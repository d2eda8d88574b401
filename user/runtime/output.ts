// Printing: strings as UTF-8, numbers, raw bytes. Nothing here allocates.
//
// Output is collected in a buffer and written when a line ends, when the buffer is full, and when
// the output changes between standard output and standard error. Text that does not end in a
// newline needs `flush`; errors of `write` are ignored, as there is no one to tell.

import { write } from "./system-calls";

export const STANDARD_INPUT: i32 = 0;
export const STANDARD_OUTPUT: i32 = 1;
export const STANDARD_ERROR: i32 = 2;

const BUFFER_SIZE: u32 = 512;
const NEWLINE: u32 = 0x0a;

const buffer: usize = memory.data(512);
const digits: usize = memory.data(24);
let used: u32 = 0;
let file: i32 = STANDARD_OUTPUT;

/** From now on printing goes to this file. */
export function use(output: i32): void {
  if (file !== output) flush();
  file = output;
}

/** Writes what has been printed so far. */
export function flush(): void {
  let done: u32 = 0;
  while (done < used) {
    const count = write(file, buffer + done, used - done);
    if (count <= 0) break;
    done += count;
  }
  used = 0;
}

export function printByte(byte: u32): void {
  store<u8>(buffer + used++, byte);
  if (byte === NEWLINE || used === BUFFER_SIZE) flush();
}

/** Prints a newline that appears with whatever is printed next, or with `flush`. */
export function holdNewline(): void {
  if (used === BUFFER_SIZE - 1) flush();
  store<u8>(buffer + used++, NEWLINE);
}

/** Forgets what has been printed and not been written: another process has its own copy of it. */
export function forgetOutput(): void {
  used = 0;
}

export function printBytes(from: usize, size: u32): void {
  for (let i: u32 = 0; i < size; i++) printByte(load<u8>(from + i));
}

/** Prints bytes up to a NUL. */
export function printC(text: usize): void {
  for (let at = text; load<u8>(at) !== 0; at++) printByte(load<u8>(at));
}

/** Prints a string as UTF-8; half a surrogate pair becomes U+FFFD. */
export function print(text: string): void {
  for (let i = 0; i < text.length; i++) {
    const unit = <u32>text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) {
      printCodePoint(unit);
      continue;
    }
    const next = unit < 0xdc00 && i + 1 < text.length ? <u32>text.charCodeAt(i + 1) : 0;
    if (next < 0xdc00 || next > 0xdfff) {
      printCodePoint(0xfffd);
      continue;
    }
    printCodePoint(0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00));
    i++;
  }
}

/** Prints a string and a newline. */
export function printLine(text: string): void {
  print(text);
  printByte(NEWLINE);
}

export function printDecimal(value: u32): void {
  let at = digits + 24;
  let rest = value;
  do {
    store<u8>(--at, 0x30 + (rest % 10));
    rest /= 10;
  } while (rest !== 0);
  printBytes(at, <u32>(digits + 24 - at));
}

/** Prints a number right-aligned in `width` columns. */
export function printColumn(value: u32, width: u32): void {
  let columns: u32 = 1;
  for (let rest = value / 10; rest !== 0; rest /= 10) columns++;
  for (; columns < width; columns++) printByte(0x20);
  printDecimal(value);
}

/** Prints a signed number. */
export function printSigned(value: i32): void {
  if (value < 0) printByte(0x2d);
  printDecimal(value < 0 ? <u32>-value : <u32>value);
}

/** Prints an address as 0x and eight digits. */
export function printHex(value: u32): void {
  printByte(0x30);
  printByte(0x78);
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = (value >> shift) & 15;
    printByte(digit < 10 ? 0x30 + digit : 0x61 - 10 + digit);
  }
}

function printCodePoint(code: u32): void {
  if (code < 0x80) {
    printByte(code);
    return;
  }
  if (code < 0x800) {
    printByte(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      printByte(0xe0 | (code >> 12));
    } else {
      printByte(0xf0 | (code >> 18));
      printByte(0x80 | ((code >> 12) & 63));
    }
    printByte(0x80 | ((code >> 6) & 63));
  }
  printByte(0x80 | (code & 63));
}
