// From the bytes of a terminal to keys: characters, control keys, and the escape sequences of
// cursor keys as VT100, xterm and the Linux console send them.
//
//   ESC [ A          up        ESC [ 3 ~   delete      ESC O H   home
//   ESC [ 1 ; 5 C    right, with Control               ESC b     Alt and b
//
// Bytes are read one at a time: what follows a line may be for the program that the line starts.

import { EINTR } from "../../src/abi/errno";
import { FIONREAD } from "../../src/abi/termios";
import { STANDARD_INPUT } from "../runtime/output";
import { ioctl, read } from "../runtime/system-calls";

/** Keys above all code points. Below them a key is the code point of its character. */
export enum Key {
  up = 0x110000,
  down,
  left,
  right,
  home,
  end,
  remove,
  wordLeft,
  wordRight,
  /** A sequence with no meaning here. */
  unknown,
  /** There is no more input. */
  endOfInput,
}

const ESCAPE: i32 = 0x1b;
const REPLACEMENT: i32 = 0xfffd;

const byte: usize = memory.data(1);
const waiting: usize = memory.data(4, 4);

/** The next byte of standard input; -1 at its end. */
export function readByte(): i32 {
  while (true) {
    const count = read(STANDARD_INPUT, byte, 1);
    if (count === 1) return load<u8>(byte);
    if (count !== -EINTR) return -1;
  }
}

/** Whether a key that has been pressed is still to be read. */
export function isKeyWaiting(): bool {
  store<i32>(waiting, 0);
  return ioctl(STANDARD_INPUT, FIONREAD, waiting) === 0 && load<i32>(waiting) > 0;
}

export function readKey(): i32 {
  const first = readByte();
  if (first < 0) return Key.endOfInput;
  if (first === ESCAPE) return readEscape();
  return first < 0x80 ? first : readCharacter(first);
}

/** The rest of a UTF-8 sequence. */
function readCharacter(first: i32): i32 {
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  let code = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = readByte();
    if (next < 0) return Key.endOfInput;
    if ((next & 0xc0) !== 0x80) return REPLACEMENT;
    code = (code << 6) | (next & 0x3f);
  }
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? REPLACEMENT : code;
}

function readEscape(): i32 {
  const next = readByte();
  if (next < 0) return Key.endOfInput;
  if (next === 0x62) return Key.wordLeft;
  if (next === 0x66) return Key.wordRight;
  if (next !== 0x5b && next !== 0x4f) return Key.unknown;
  return readSequence();
}

/** Parameters, then the letter that says which key it is. */
function readSequence(): i32 {
  let first = 0;
  let parameters = 0;
  while (true) {
    const next = readByte();
    if (next < 0) return Key.endOfInput;
    if (next >= 0x30 && next <= 0x39) {
      if (parameters === 0) first = min(first * 10 + (next - 0x30), 1000);
    } else if (next === 0x3b) {
      parameters++;
    } else {
      return keyOf(next, first, parameters !== 0);
    }
  }
}

function keyOf(letter: i32, parameter: i32, isModified: bool): i32 {
  switch (letter) {
    case 0x41:
      return Key.up;
    case 0x42:
      return Key.down;
    case 0x43:
      return isModified ? Key.wordRight : Key.right;
    case 0x44:
      return isModified ? Key.wordLeft : Key.left;
    case 0x46:
      return Key.end;
    case 0x48:
      return Key.home;
    case 0x7e:
      return numberedKey(parameter);
    default:
      return Key.unknown;
  }
}

function numberedKey(parameter: i32): i32 {
  switch (parameter) {
    case 1:
    case 7:
      return Key.home;
    case 3:
      return Key.remove;
    case 4:
    case 8:
      return Key.end;
    default:
      return Key.unknown;
  }
}
