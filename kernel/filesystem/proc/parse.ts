// Numbers that are written to files of /proc.

import { EINVAL, ERANGE } from "../../../src/abi/errno";

/** Larger ones are out of any range. */
const MOST_DIGITS: u32 = 9;

/** The number that parseNumber() found. */
export let parsedNumber: i32 = 0;

/**
 * Reads a decimal number from `lowest` to `highest`, with blanks before and after it: 0, -EINVAL,
 * or -ERANGE for one that no file takes.
 */
export function parseNumber(bytes: usize, size: u32, lowest: i32, highest: i32): i32 {
  let at = bytes;
  const end = bytes + size;
  while (at < end && isBlank(load<u8>(at))) at++;
  const isNegative = at < end && load<u8>(at) === 0x2d;
  if (isNegative) at++;
  let value: i32 = 0;
  let digits: u32 = 0;
  for (; at < end && <u32>load<u8>(at) - 0x30 <= 9; at++, digits++) {
    if (digits === MOST_DIGITS) return -ERANGE;
    value = value * 10 + <i32>load<u8>(at) - 0x30;
  }
  while (at < end && isBlank(load<u8>(at))) at++;
  if (digits === 0 || at !== end) return -EINVAL;
  parsedNumber = isNegative ? -value : value;
  return parsedNumber < lowest || parsedNumber > highest ? -EINVAL : 0;
}

/** A blank, a tab, a newline, a NUL. */
function isBlank(byte: u32): bool {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0a) || byte === 0;
}
