// Text that is made when someone reads it: what most files of /proc consist of.
//
//   startText() -> put(…), putBytes(…), … -> takeText()
//
// One text is made at a time, in a buffer that grows, and no thread blocks meanwhile. Who takes it
// owns it.

import { formatText } from "../../log/format";
import { allocate, free } from "../../memory/heap";

const FIRST_CAPACITY: u32 = 992;
const VALUES: u32 = 8;
const values: usize = memory.data(4 * VALUES, 4);
const HALF: u32 = 32;

let buffer: usize = 0;
let capacity: u32 = 0;
/** Bytes so far, and of the text that was taken last. */
export let textLength: u32 = 0;
let isShort: bool = false;

/** Begins a text; one that was not taken is dropped. */
export function startText(): void {
  free(buffer);
  buffer = 0;
  capacity = 0;
  textLength = 0;
  isShort = false;
}

/** The text, which is the caller's to free; 0: out of memory. */
export function takeText(): usize {
  reserve(1);
  const text = buffer;
  buffer = 0;
  if (!isShort) return text;
  free(text);
  return 0;
}

/** Adds `format` with its values put in: see log/format.ts. */
export function put(
  format: usize,
  a: u32 = 0,
  b: u32 = 0,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
  f: u32 = 0,
  g: u32 = 0,
  h: u32 = 0,
): void {
  store<u32>(values, a);
  store<u32>(values, b, 4);
  store<u32>(values, c, 8);
  store<u32>(values, d, 12);
  store<u32>(values, e, 16);
  store<u32>(values, f, 20);
  store<u32>(values, g, 24);
  store<u32>(values, h, 28);
  formatText(putByte.index, format, values);
}

export function putByte(byte: u32): void {
  if (textLength === capacity && !reserve(1)) return;
  store<u8>(buffer + textLength++, byte);
}

/** Adds a number and a blank. */
export function putNumber(value: u32): void {
  put(cstr("%u "), value);
}

/** Adds 64 bits as sixteen digits, after a title and before a newline. */
export function putBits(title: usize, value: u64): void {
  put(cstr("%s\t%08x%08x\n"), <u32>title, <u32>(value >> HALF), <u32>value);
}

/** Room for `size` bytes that the caller fills before anything else is added; 0: out of memory. */
export function putRoom(size: u32): usize {
  if (!reserve(size)) return 0;
  const room = buffer + textLength;
  textLength += size;
  return room;
}

/** Takes back the last bytes, down to `length`. */
export function cutText(length: u32): void {
  textLength = length;
}

function reserve(size: u32): bool {
  if (isShort) return false;
  if (size <= capacity - textLength) return true;
  const larger = max(max(capacity << 1, FIRST_CAPACITY), textLength + size);
  const copy = allocate(larger);
  if (copy === 0) {
    isShort = true;
    return false;
  }
  memory.copy(copy, buffer, textLength);
  free(buffer);
  buffer = copy;
  capacity = larger;
  return true;
}
