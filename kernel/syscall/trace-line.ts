// Writes the lines of src/abi/trace-event.ts: to the log, or to the debug console.
//
// Lines are put together from small pieces, and nothing else is printed before a line's end: no
// other thread runs in between.

import { isPrintableByte, TRACE_STRING_SIZE } from "../../src/abi/trace-event";
import { writeDebugConsole } from "../device/debug-console";
import { print } from "../log/log";

const DIGITS: usize = cstr("0123456789abcdef");
const NEWLINE: u32 = 0x0a;
const BACKSLASH: u32 = 0x5c;
const DIGIT_ZERO: u32 = 0x30;
const DIGIT_BITS: u32 = 4;

/** What waits for the log, which is slow to be called for each byte. */
const PIECE: u32 = 128;
const piece: usize = memory.data(PIECE + 1, 4);
let pieceLength: u32 = 0;
let goesToPort: bool = false;

/** How many bytes of a buffer are shown. */
export let shownSize: u32 = 32;

if (TRACE_STRING_SIZE !== 32) ERROR("shownSize begins with TRACE_STRING_SIZE");

export function showStrings(size: u32): void {
  shownSize = size;
}

/** From now on lines go to the debug console instead of the log. */
export function writeToPort(): void {
  goesToPort = true;
}

export function writeByte(byte: u32): void {
  if (goesToPort) {
    writeDebugConsole(byte);
    return;
  }
  if (pieceLength === PIECE) flush();
  store<u8>(piece + pieceLength++, <u8>byte);
}

export function endLine(): void {
  writeByte(NEWLINE);
  if (!goesToPort) flush();
}

/** A NUL-terminated text. */
export function writeText(text: usize): void {
  for (let at = text; load<u8>(at) !== 0; at++) writeByte(load<u8>(at));
}

export function writeHexadecimal(value: u64): void {
  if (value >>> DIGIT_BITS !== 0) writeHexadecimal(value >>> DIGIT_BITS);
  writeByte(digit(<u32>value));
}

export function writeDecimal(value: u32): void {
  if (value >= 10) writeDecimal(value / 10);
  writeByte(DIGIT_ZERO + (value % 10));
}

/** Bytes between quotes. */
export function writeEscaped(bytes: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const byte: u32 = load<u8>(bytes + i);
    if (isPrintableByte(byte)) {
      writeByte(byte);
      continue;
    }
    writeByte(BACKSLASH);
    writeByte(digit(byte >>> DIGIT_BITS));
    writeByte(digit(byte));
  }
}

function digit(value: u32): u32 {
  return load<u8>(DIGITS + (value & 15));
}

function flush(): void {
  store<u8>(piece + pieceLength, 0);
  pieceLength = 0;
  print(cstr("%s"), <u32>piece);
}
