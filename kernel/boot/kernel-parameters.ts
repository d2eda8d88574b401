// The words of the kernel's command line: options, then `--`, then the program and its arguments.
//
// src/abi/command-line.ts has the form: words between spaces, bytes as % and two digits, a lone %
// for the empty word.

import { COMMAND_LINE_ESCAPE, COMMAND_LINE_MAX, hexDigitValue } from "../../src/abi/command-line";

const SPACE: u32 = 0x20;
/** A number that is larger gets no further digit. */
const NUMBER_MAX: i32 = 100000000;

/** The word that nextWord() found, decoded and NUL-terminated, and its length. */
const word: usize = memory.data(COMMAND_LINE_MAX, 4);
let wordLength: u32 = 0;
/** Where nextWord() goes on. */
let cursor: usize = 0;

/** Goes to the start of a NUL-terminated command line. */
export function startWords(line: usize): void {
  cursor = line;
}

/** The next word, decoded; 0 past the last one. It stays until the next call. */
export function nextWord(): usize {
  while (load<u8>(cursor) === SPACE) cursor++;
  if (load<u8>(cursor) === 0) return 0;
  wordLength = 0;
  for (let byte: u32 = load<u8>(cursor); byte !== SPACE && byte !== 0; byte = load<u8>(cursor)) {
    cursor++;
    if (byte === COMMAND_LINE_ESCAPE) decodeEscape();
    else append(byte);
  }
  store<u8>(word + wordLength, 0);
  return word;
}

/** True if the current word is `text`. */
export function wordIs(text: usize): bool {
  for (let i: u32 = 0; i <= wordLength; i++) {
    if (load<u8>(word + i) !== load<u8>(text + i)) return false;
  }
  return true;
}

/** The decimal number after `key` in the current word; -1: it is another word, or not a number. */
export function wordNumber(key: usize): i32 {
  let at = word;
  for (; load<u8>(key) !== 0; key++, at++) {
    if (load<u8>(at) !== load<u8>(key)) return -1;
  }
  let value: i32 = -1;
  for (let byte: u32 = load<u8>(at); byte !== 0; byte = load<u8>(++at)) {
    if (byte < 0x30 || byte > 0x39 || value > NUMBER_MAX) return -1;
    value = max<i32>(value, 0) * 10 + <i32>(byte - 0x30);
  }
  return value;
}

/** After a %: two digits are a byte, anything else is nothing. */
function decodeEscape(): void {
  const high = hexDigitValue(load<u8>(cursor));
  if (high < 0) return;
  const low = hexDigitValue(load<u8>(cursor + 1));
  if (low < 0) return;
  cursor += 2;
  append(((<u32>high) << 4) | <u32>low);
}

/** A word is shorter than the line, so it always fits. A NUL would end it early: it is dropped. */
function append(byte: u32): void {
  if (byte !== 0) store<u8>(word + wordLength++, byte);
}
