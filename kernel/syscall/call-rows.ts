// What the kernel knows of each system call: its handler and the kinds of its arguments, by number.
//
//   +0  2 bytes   index of the handler's function
//   +2  6 bytes   what its arguments are, a byte each: src/abi/linux/argument-kinds.ts
//
// table.ts and i386-table.ts fill the rows at boot. Dispatch, tracing and `isthmus syscalls` read
// them, so a call is declared in one place.

import { ARGUMENTS_MAX } from "../../src/abi/linux/argument-kinds";
import { SYSTEM_CALL_LIMIT } from "../../src/abi/linux/i386";

const ROW_SHIFT: u32 = 3;
/** Where in a row its arguments' kinds are. */
const KINDS: u32 = 2;
const HANDLER_SHIFT: u32 = 1;
/** All numbers from the limit on have one row, the last. */
const ROWS: u32 = SYSTEM_CALL_LIMIT + 1;
const rows: usize = memory.data(ROWS << ROW_SHIFT, 4);
/** The handlers of calls that tracing sees first, two bytes each. */
const diverted: usize = memory.data(ROWS << HANDLER_SHIFT, 4);

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
  store<u32>(row, handler | (a << 16) | (b << 24));
  // Zeros are there already, and many calls have no more arguments.
  const rest = c | (d << 8) | (e << 16) | (f << 24);
  if (rest !== 0) store<u32>(row, rest, 4);
}

/** Has the numbers without a handler served by the function of index `index`. */
export function serveOthers(index: u32): void {
  for (let number: u32 = 0; number < ROWS; number++) {
    const row = rows + (number << ROW_SHIFT);
    if (load<u16>(row) === 0) store<u16>(row, <u16>index);
  }
}

/** From now on all calls go to the function of index `index`, as to a handler. */
export function divertCalls(index: u32): void {
  for (let number: u32 = 0; number < ROWS; number++) {
    const row = rows + (number << ROW_SHIFT);
    store<u16>(diverted + (number << HANDLER_SHIFT), load<u16>(row));
    store<u16>(row, <u16>index);
  }
}

/** What servingFunction() was when calls were diverted. */
export function divertedFunction(row: u32): u32 {
  return load<u16>(diverted + (row << HANDLER_SHIFT));
}

/**
 * The index of the function that serves a call, of the trap frame; there is always one.
 *
 * @param row the call's number, SYSTEM_CALL_LIMIT for those from there on
 */
export function servingFunction(row: u32): u32 {
  return load<u16>(rows + (row << ROW_SHIFT));
}

/** The index of the call's handler; 0: there is no such call. */
export function systemCallHandler(number: u32): u32 {
  const others = servingFunction(SYSTEM_CALL_LIMIT);
  const handler = number < SYSTEM_CALL_LIMIT ? servingFunction(number) : others;
  return handler === others ? 0 : handler;
}

/** The kind of a call's argument `index`, from 0 on; 0: it has no such argument. */
export function systemCallKind(number: u32, index: u32): u32 {
  const isThere = number < SYSTEM_CALL_LIMIT && index < ARGUMENTS_MAX;
  return isThere ? load<u8>(rows + (number << ROW_SHIFT) + index, KINDS) : 0;
}
