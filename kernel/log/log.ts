// Kernel messages: printf in miniature, to whatever has been registered as a sink.
//
// The log is the lowest floor: it knows no device. The console registers itself when it can show
// something, post-mortem registers the epitaph; what is printed before that is lost.
//
//   %s  NUL-terminated string      %S  a string of AssemblyScript's (UTF-16)
//   %u  unsigned decimal           %d  signed decimal           %c  one byte
//   %x  hexadecimal                %p  0x and eight hexadecimal digits
//
// A width pads on the left, with zeros if it begins with 0: `%5u`, `%02x`. Up to six values follow
// the format, each a word.

const VALUES: u32 = 6;
const values: usize = memory.data(4 * VALUES, 4);
const NEWLINE: u32 = 0x0a;
const DIGITS: usize = cstr("0123456789abcdef");
/** Where AssemblyScript keeps a string's length in bytes, before its first unit. */
const STRING_BYTES: usize = 4;

/** Pairs of function indices: `(byte: u32): void` and `(): void`, as addSink() took them. */
const SINKS: u32 = 2;
const SINK_SIZE: u32 = 8;
const FINISH: usize = 4;
const sinks: usize = memory.data(SINKS * SINK_SIZE, 4);
let sinkCount: u32 = 0;

let isQuiet: bool = false;
/** What is printed next is a message: on a line of its own, after a prefix. */
let isMessage: bool = false;

/**
 * From now on each byte that is printed also goes to the function of index `write`, and the end of
 * each message to that of index `finish`. There is room for SINKS of them; more are ignored.
 */
export function addSink(write: u32, finish: u32): void {
  if (sinkCount === SINKS) return;
  const sink = sinks + sinkCount * SINK_SIZE;
  store<u32>(sink, write);
  store<u32>(sink, finish, FINISH);
  sinkCount++;
}

/** `quiet` on the command line: messages that only inform are dropped. */
export function setQuiet(quiet: bool): void {
  isQuiet = quiet;
}

/** A message that the user should see, on a line of its own. */
export function warn(
  format: usize,
  a: u32 = 0,
  b: u32 = 0,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
): void {
  isMessage = true; // one call, so that its callers stay small where they warn
  print(format, a, b, c, d, e);
}

/** A progress message; `quiet` suppresses it. */
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
  const isLine = isMessage;
  isMessage = false;
  if (isLine) printString(cstr("kernel: "), 0);
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
  if (isLine) writeByte(NEWLINE);
  finish();
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
  for (let i: u32 = 0; i < sinkCount; i++) {
    call_indirect<void>(load<u32>(sinks + i * SINK_SIZE), byte);
  }
}

function finish(): void {
  for (let i: u32 = 0; i < sinkCount; i++) {
    call_indirect<void>(load<u32>(sinks + i * SINK_SIZE, FINISH));
  }
}
