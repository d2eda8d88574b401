// What the trampoline calls: system calls of the user program, and exceptions.

import { cli, hlt, outb } from "isthmus/src/abi/x86";
import { print, printHex, put } from "./console";
import { translate } from "./spaces";

const EXIT: u32 = 1;
const WRITE: u32 = 4;
const BAD_ADDRESS: i32 = -14;
const NO_SUCH_CALL: i32 = -38;

/** The user program executed `int 0x80`: EAX, EBX and ECX. */
export function systemCall(number: u32, first: u32, second: u32): i32 {
  if (number === EXIT) finish(cstr("exit "), first & 63);
  if (number === WRITE) return write(first, second);
  return NO_SUCH_CALL;
}

/** Any exception ends the run. */
export function exception(vector: u32, cr2: u32): void {
  print(cstr("exception "));
  printHex(vector);
  print(cstr(", CR2 "));
  printHex(cr2);
  print(cstr("\n"));
  finish(cstr("panic exception "), vector);
}

function write(pointer: usize, length: u32): i32 {
  for (let done: u32 = 0; done < length; done++) {
    const byte = translate(pointer + done);
    if (byte === 0) return BAD_ADDRESS;
    put(load<u8>(byte));
  }
  return length;
}

/** A line to port 0xe9 tells the emulator how the run ended; port 0xf4 ends it. */
export function finish(word: usize, status: u32): void {
  for (let at = word; load<u8>(at) !== 0; at++) outb(0xe9, load<u8>(at));
  if (status >= 10) outb(0xe9, 0x30 + ((status / 10) % 10));
  outb(0xe9, 0x30 + (status % 10));
  outb(0xe9, 0x0a);
  outb(0xf4, 0);
  for (;;) {
    cli();
    hlt();
  }
}
