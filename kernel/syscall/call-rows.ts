// What the kernel knows of each system call: a row of two words, by number.
//
//   a row    0  handler   index of the function, 0: there is no such call
//            4  kinds     what its arguments are: src/abi/linux/argument-kinds.ts
//
// table.ts and i386-table.ts fill the rows at boot. Dispatch, tracing and `isthmus syscalls` read
// them, so a call is declared in one place.

import { packKinds } from "../../src/abi/linux/argument-kinds";
import { SYSTEM_CALL_LIMIT } from "../../src/abi/linux/i386";

const ROW_SHIFT: u32 = 3;
const KINDS: usize = 4;
const rows: usize = memory.data(SYSTEM_CALL_LIMIT << ROW_SHIFT, 4);

/** Declares a call: its number, its handler's index, and the kinds of its arguments in order. */
export function call(
  number: u32,
  handler: u32,
  a: u32 = 0,
  b: u32 = 0,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
  f: u32 = 0,
): void {
  const row = rows + (number << ROW_SHIFT);
  store<u32>(row, handler);
  store<u32>(row, packKinds(a, b, c, d, e, f), KINDS);
}

/** The index of the call's handler, a function of the trap frame; 0: there is no such call. */
export function systemCallHandler(number: u32): u32 {
  return number < SYSTEM_CALL_LIMIT ? load<u32>(rows + (number << ROW_SHIFT)) : 0;
}

/** The packed kinds of the arguments of a call that has a handler. */
export function systemCallKinds(number: u32): u32 {
  return load<u32>(rows + (number << ROW_SHIFT), KINDS);
}
