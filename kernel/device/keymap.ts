// Keys of a PC keyboard (scan code set 1, US layout) to the bytes that a terminal sends.
//
//   scan code   |7      |6   0|        0xe0 before it: the keys that the first PC did not have
//               |release| key |
//
// A key gives up to four bytes, packed into a word, the first one lowest: an arrow is ESC [ A, as
// on a VT100. No key gives 0.

const EXTENDED: u32 = 0xe0;
const RELEASE: u32 = 0x80;

const KEY_CONTROL: u32 = 0x1d;
const KEY_LEFT_SHIFT: u32 = 0x2a;
const KEY_RIGHT_SHIFT: u32 = 0x36;
const KEY_ALT: u32 = 0x38;
const KEY_CAPS_LOCK: u32 = 0x3a;
const KEY_KEYPAD_SLASH: u32 = 0x35;
const KEY_KEYPAD_ENTER: u32 = 0x1c;

// By scan code. The modifiers, recognised before the lookup, hold `?`.
const PLAIN: usize = cstr("?\x1b1234567890-=\x7f\tqwertyuiop[]\r?asdfghjkl;'`?\\zxcvbnm,./?*? ");
const SHIFTED: usize = cstr('?\x1b!@#$%^&*()_+\x7f\tQWERTYUIOP{}\r?ASDFGHJKL:"~?|ZXCVBNM<>??*? ');
const LAST_KEY: u32 = 0x39;

// The keypad without Num Lock is the cursor block, and the grey keys send the same codes.
const KEY_HOME: u32 = 0x47;
const KEY_UP: u32 = 0x48;
const KEY_PAGE_UP: u32 = 0x49;
const KEY_MINUS: u32 = 0x4a;
const KEY_LEFT: u32 = 0x4b;
const KEY_RIGHT: u32 = 0x4d;
const KEY_PLUS: u32 = 0x4e;
const KEY_END: u32 = 0x4f;
const KEY_DOWN: u32 = 0x50;
const KEY_PAGE_DOWN: u32 = 0x51;
const KEY_INSERT: u32 = 0x52;
const KEY_DELETE: u32 = 0x53;

let shift: bool = false;
let control: bool = false;
let capsLock: bool = false;
let isExtended: bool = false;

/** The bytes that scan code `code` makes, packed, the first one lowest; 0: none. */
export function decodeScanCode(code: u32): u32 {
  if (code === EXTENDED) {
    isExtended = true;
    return 0;
  }
  const extended = isExtended;
  isExtended = false;
  const key = code & ~RELEASE;
  const pressed = (code & RELEASE) === 0;
  if (setModifier(key, pressed, extended) || !pressed) return 0;
  if (key >= KEY_HOME && key <= KEY_DELETE) return keypad(key);
  if (extended) {
    if (key === KEY_KEYPAD_ENTER) return 0x0d;
    return key === KEY_KEYPAD_SLASH ? 0x2f : 0;
  }
  return key === 0 || key > LAST_KEY ? 0 : character(key);
}

function setModifier(key: u32, pressed: bool, extended: bool): bool {
  switch (key) {
    case KEY_LEFT_SHIFT:
    case KEY_RIGHT_SHIFT:
      if (!extended) shift = pressed; // 0xe0 0x2a only brackets a grey key
      return true;
    case KEY_CONTROL:
      control = pressed;
      return true;
    case KEY_ALT:
      return true;
    case KEY_CAPS_LOCK:
      if (pressed) capsLock = !capsLock;
      return true;
    default:
      return false;
  }
}

function character(key: u32): u32 {
  const plain: u32 = load<u8>(PLAIN + key);
  const isLetter = plain >= 0x61 && plain <= 0x7a;
  if (control && isLetter) return plain & 0x1f;
  const useShifted = isLetter ? shift !== capsLock : shift;
  const byte: u32 = useShifted ? load<u8>(SHIFTED + key) : plain;
  if (control && byte >= 0x40 && byte <= 0x5f) return byte & 0x1f; // ^[ ^\ ^] ^^ ^_
  return byte;
}

function keypad(key: u32): u32 {
  switch (key) {
    case KEY_UP:
      return cursor(0x41); // A
    case KEY_DOWN:
      return cursor(0x42); // B
    case KEY_RIGHT:
      return cursor(0x43); // C
    case KEY_LEFT:
      return cursor(0x44); // D
    case KEY_END:
      return cursor(0x46); // F
    case KEY_HOME:
      return cursor(0x48); // H
    case KEY_INSERT:
      return editing(0x32); // 2
    case KEY_DELETE:
      return editing(0x33); // 3
    case KEY_PAGE_UP:
      return editing(0x35); // 5
    case KEY_PAGE_DOWN:
      return editing(0x36); // 6
    case KEY_MINUS:
      return 0x2d;
    case KEY_PLUS:
      return 0x2b;
    default:
      return 0;
  }
}

/** ESC [ letter: the cursor keys of a VT100. */
function cursor(letter: u32): u32 {
  return 0x1b | (0x5b << 8) | (letter << 16);
}

/** ESC [ digit ~: the editing keys of a VT220. */
function editing(digit: u32): u32 {
  return 0x1b | (0x5b << 8) | (digit << 16) | (0x7e << 24);
}
