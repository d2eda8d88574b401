// Who called whom, from a stack without frame pointers.
//
// The symbol table says for each function how far the return address is from ESP in its body, so
// one number per frame leads to the caller:
//
//   ESP ->  | locals, saved registers | return address | the caller's frame …
//           |<------------ cfaOffset ----------------->|
//
// Arguments that were pushed for the call in progress are below that. What takes them off is the
// first instruction after the call, and nothing else that comes there looks like it
// (src/compile/emit/frame-code.ts), so it tells how many they are.
//
// Every address is checked against the stack that it should lie in: a backtrace of a broken kernel
// must not fault itself.

import { print } from "../log/log";
import * as symbols from "../machine/i686/symbols";
import { KERNEL_STACK_SIZE } from "../memory/pages";
import { currentThread } from "../thread/thread";
import { CodePlace } from "./code-place";

const MOST_FRAMES: u32 = 32;
const TEXT_SIZE: u32 = 128;
const WORD: u32 = 4;
/** `pop ecx` */
const POP_ECX: u8 = 0x59;
/** `lea esp, [esp + a byte]`: its first half; the byte is the last. */
const LEA_ESP: u16 = 0x648d;
const LEA_DISTANCE: usize = 3;

const place: CodePlace = changetype<CodePlace>(memory.data(offsetof<CodePlace>(), 4));
const text: usize = memory.data(TEXT_SIZE);

/** Prints the function at `eip` and its callers; ESP was `esp` there. */
export function printBacktrace(eip: u32, esp: usize): void {
  print(cstr("backtrace:\n"));
  const limit = stackEnd(esp);
  let address = eip;
  let stack = esp;
  for (let i: u32 = 0; i < MOST_FRAMES; i++) {
    print(cstr("  %p "), address);
    // A return address is after the call, which may be the function's last instruction.
    const known = printKernelPlace(i === 0 ? address : address - 1);
    print(cstr("\n"));
    if (!known || place.cfaOffset === 0) return;
    const frameEnd = stack + place.cfaOffset + (i === 0 ? 0 : pushedBefore(address));
    if (frameEnd < stack || frameEnd > limit) return;
    address = load<u32>(frameEnd - WORD);
    stack = frameEnd;
  }
  print(cstr("  ...\n"));
}

/** The bytes of arguments that were pushed for the call, in `place`, that returns to `address`. */
function pushedBefore(address: u32): u32 {
  // A call that does not return may be the last of its function's code.
  if (address - place.start >= place.size) return 0;
  if (load<u8>(address) === POP_ECX) return WORD;
  return load<u16>(address) === LEA_ESP ? load<u8>(address, LEA_DISTANCE) : 0;
}

/** Prints `function (file:line)` for an address of the kernel's; false if there is none there. */
function printKernelPlace(address: u32): bool {
  return printPlace(symbols.symbols_start(), <u32>symbols.symbols_size(), address);
}

/**
 * Prints `function (file:line)` as the symbol table of `size` bytes at `table` has it; false, and
 * `?`, if the address is in no function that it knows.
 */
export function printPlace(table: usize, size: u32, address: u32): bool {
  if (!place.find(table, size, address)) {
    print(cstr("?"));
    return false;
  }
  store<u8>(text + place.writeName(text, TEXT_SIZE - 1), 0);
  print(cstr("%s"), <u32>text);
  const length = place.writeFile(text, TEXT_SIZE - 1);
  store<u8>(text + length, 0);
  if (length !== 0) print(cstr(" (%s:%u)"), <u32>text, place.line);
  return true;
}

/** The end of the kernel stack that `esp` lies in; 0 if it lies in none. */
function stackEnd(esp: usize): usize {
  const thread = currentThread;
  if (changetype<usize>(thread) !== 0 && isWithin(esp, thread.stackTop, KERNEL_STACK_SIZE)) {
    return thread.stackTop;
  }
  const boot = symbols.boot_stack_top();
  return isWithin(esp, boot, <u32>(boot - symbols.boot_stack())) ? boot : 0;
}

function isWithin(esp: usize, end: usize, size: u32): bool {
  return end - esp <= size;
}
