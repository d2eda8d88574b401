// The PS/2 keyboard on an 8042 controller: scan codes in, bytes to a registered receiver.
//
// The controller translates to scan code set 1 unless told otherwise, so nothing is set up but the
// interrupt (line 1). See keymap.ts for the keys.

import { inb } from "../../src/abi/x86";
import { warn } from "../log/log";
import { decodeScanCode } from "./keymap";

const DATA: u32 = 0x60;
const STATUS: u32 = 0x64;
const OUTPUT_FULL: u32 = 0x01;
/** The byte comes from the mouse. */
const FROM_MOUSE: u32 = 0x20;
/** What is read where there is nothing. */
const NO_CONTROLLER: u32 = 0xff;
/** More pending bytes than any controller holds: there is no controller. */
const MOST_PENDING: u32 = 32;

/** Function index of `(byte: u32): void`: takes each byte that a key stands for. */
let receiver: u32 = 0;

/** Registers who gets the bytes: a function by index. Before the first interrupt. */
export function onKeyboardInput(receive: u32): void {
  receiver = receive;
}

/** Drops what was typed before the kernel listened; a full controller would never interrupt. */
export function startKeyboard(): void {
  if (inb(STATUS) === NO_CONTROLLER) {
    warn(cstr("keyboard: no 8042 controller; one on USB is not heard"));
    return;
  }
  for (let i: u32 = 0; i < MOST_PENDING && (inb(STATUS) & OUTPUT_FULL) !== 0; i++) inb(DATA);
}

/** The interrupt of line 1. */
export function receiveKeys(): void {
  const status = inb(STATUS);
  if ((status & OUTPUT_FULL) === 0) return;
  const code = inb(DATA);
  if ((status & FROM_MOUSE) !== 0 || receiver === 0) return;
  for (let bytes = decodeScanCode(code); bytes !== 0; bytes >>= 8) {
    call_indirect<void>(receiver, bytes & 0xff);
  }
}
