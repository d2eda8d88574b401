// Formats kernel messages: strings, decimal and hexadecimal numbers, padded to a width.

import { mix, nextRandom } from "./random";

const PERCENT: u32 = 37;
const MINUS: u32 = 45;
const SPACE: u32 = 32;
const DIGIT_0: u32 = 48;
const DIGIT_9: u32 = 57;
const LETTER_A: u32 = 97;

@unmanaged
class Output {
  at: usize = 0;
  end: usize = 0;

  @inline put(byte: u32): void {
    if (this.at < this.end) store<u8>(this.at++, byte);
  }
}

function putPadded(output: Output, text: usize, length: u32, width: u32, fill: u32): void {
  for (let i = length; i < width; i++) output.put(fill);
  for (let i: u32 = 0; i < length; i++) output.put(load<u8>(text + i));
}

/** Variables have no addresses in AssemblyScript, so these are in static memory. */
const DIGITS: usize = memory.data(12);
const DIGITS_END: usize = DIGITS + 12;
const OUTPUT: usize = memory.data(offsetof<Output>());

function putNumber(output: Output, number: u32, base: u32, width: u32, fill: u32): void {
  let value = number;
  let at = DIGITS_END;
  do {
    const digit = base === 10 ? value % 10 : value & 15;
    value = base === 10 ? value / 10 : value >> 4;
    store<u8>(--at, digit < 10 ? DIGIT_0 + digit : LETTER_A + digit - 10);
  } while (value !== 0);
  putPadded(output, at, DIGITS_END - at, width, fill);
}

function lengthOf(text: usize): u32 {
  let length: u32 = 0;
  while (load<u8>(text + length) !== 0) length++;
  return length;
}

/** %s, %d, %u, %x, %c, %% with a width; arguments are words. Returns the length. */
function format(buffer: usize, size: u32, template: usize, values: usize): u32 {
  const output = changetype<Output>(OUTPUT);
  let text = template;
  let argument = values;
  output.at = buffer;
  output.end = buffer + size;
  for (; load<u8>(text) !== 0; text++) {
    if (load<u8>(text) !== PERCENT) {
      output.put(load<u8>(text));
      continue;
    }
    text++;
    const fill = load<u8>(text) === DIGIT_0 ? DIGIT_0 : SPACE;
    let width: u32 = 0;
    for (; load<u8>(text) >= DIGIT_0 && load<u8>(text) <= DIGIT_9; text++) {
      width = width * 10 + (load<u8>(text) - DIGIT_0);
    }
    switch (<u32>load<u8>(text)) {
      case 0x73: {
        // s
        const string = load<usize>(argument);
        argument += 4;
        putPadded(output, string, lengthOf(string), width, fill);
        break;
      }
      case 0x64: {
        // d
        let value = load<u32>(argument);
        argument += 4;
        if (<i32>value < 0) {
          output.put(MINUS);
          value = -value;
        }
        putNumber(output, value, 10, width, fill);
        break;
      }
      case 0x75: // u
        putNumber(output, load<u32>(argument), 10, width, fill);
        argument += 4;
        break;
      case 0x78: // x
        putNumber(output, load<u32>(argument), 16, width, fill);
        argument += 4;
        break;
      case 0x63: // c
        output.put(load<u32>(argument));
        argument += 4;
        break;
      default:
        output.put(load<u8>(text));
    }
  }
  return output.at - buffer;
}

export function run(arena: usize, rounds: u32): u32 {
  const message = cstr("[%8u] %s: page fault at %08x, error %x (pid %d, %s%c) 100%%\n");
  const kernel = cstr("kernel");
  const shell = cstr("shell");
  const values = arena;
  const buffer = arena + 64;
  let random: u32 = 13;
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 256; i++) {
      random = nextRandom(random);
      store<u32>(values, random >> (i & 31), 0);
      store<usize>(values, kernel, 4);
      store<u32>(values, random, 8);
      store<u32>(values, random & 31, 12);
      store<i32>(values, <i32>random >> 16, 16);
      store<usize>(values, shell, 20);
      store<u32>(values, LETTER_A + ((random >> 8) & 15), 24);
      const length = format(buffer, 80, message, values);
      for (let j: u32 = 0; j < length; j += 3) checksum = mix(checksum, load<u8>(buffer + j));
    }
  }
  return checksum;
}
