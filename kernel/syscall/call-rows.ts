// What the kernel knows of each system call: its handler and the kinds of its arguments, by number.
//
//   handlers   a word each    index of the function, 0: there is no such call
//   kinds      8 bytes each   what its arguments are, a byte each: src/abi/linux/argument-kinds.ts
//
// table.ts and i386-table.ts fill both at boot. Dispatch, tracing and `isthmus syscalls` read them,
// so a call is declared in one place.

import { ARGUMENTS_MAX } from "../../src/abi/linux/argument-kinds";
import { SYSTEM_CALL_LIMIT } from "../../src/abi/linux/i386";

const HANDLER_SHIFT: u32 = 2;
const KINDS_SHIFT: u32 = 3;
const handlers: usize = memory.data(SYSTEM_CALL_LIMIT << HANDLER_SHIFT, 4);
/** The handlers of calls that tracing sees first. */
const diverted: usize = memory.data(SYSTEM_CALL_LIMIT << HANDLER_SHIFT, 4);
const kinds: usize = memory.data(SYSTEM_CALL_LIMIT << KINDS_SHIFT, 4);

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
  store<u32>(handlers + (number << HANDLER_SHIFT), handler);
  const row = kinds + (number << KINDS_SHIFT);
  store<u32>(row, a | (b << 8) | (c << 16) | (d << 24));
  // Zeros are there already, and few calls have so many arguments.
  if ((e | f) !== 0) store<u32>(row, e | (f << 8), 4);
}

/** From now on all calls that are there go to the function of index `index`, as to a handler. */
export function divertCalls(index: u32): void {
  for (let number: u32 = 0; number < SYSTEM_CALL_LIMIT; number++) {
    const handler = handlers + (number << HANDLER_SHIFT);
    store<u32>(diverted + (number << HANDLER_SHIFT), load<u32>(handler));
    if (load<u32>(handler) !== 0) store<u32>(handler, index);
  }
}

/** The handler that call `number` had when calls were diverted; 0: there is no such call. */
export function divertedHandler(number: u32): u32 {
  return number < SYSTEM_CALL_LIMIT ? load<u32>(diverted + (number << HANDLER_SHIFT)) : 0;
}

/** The index of the call's handler, a function of the trap frame; 0: there is no such call. */
export function systemCallHandler(number: u32): u32 {
  return number < SYSTEM_CALL_LIMIT ? load<u32>(handlers + (number << HANDLER_SHIFT)) : 0;
}

/** The kind of a call's argument `index`, from 0 on; 0: it has no such argument. */
export function systemCallKind(number: u32, index: u32): u32 {
  const isThere = number < SYSTEM_CALL_LIMIT && index < ARGUMENTS_MAX;
  return isThere ? load<u8>(kinds + (number << KINDS_SHIFT) + index) : 0;
}
