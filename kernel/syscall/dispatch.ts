// From the number in a trap frame to the function that serves the call.
//
// A handler takes the trap frame, where `arg0` to `arg5` are its arguments, and returns what goes
// back to the program: a value, or a negative errno.

import { ENOSYS } from "../../src/abi/errno";
import { SYSTEM_CALL_LIMIT } from "../../src/abi/linux/i386";
import { warn } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { currentProcess } from "../process/process";
import { systemCallHandler } from "./call-rows";

const BITS_PER_BYTE: u32 = 8;

/** Function index of `(frame: TrapFrame): void`: serves calls instead of perform(); 0: none. */
let tracer: u32 = 0;

/** From now on every call goes to the function of index `index`, which calls perform(). */
export function setTracer(index: u32): void {
  tracer = index;
}

/** Serves the call that the current thread asks for. */
export function systemCall(frame: TrapFrame): void {
  if (tracer !== 0) call_indirect<void>(tracer, frame);
  else frame.result = perform(frame);
}

/** Serves the call, and returns its result. */
export function perform(frame: TrapFrame): i32 {
  const number = frame.call;
  const handler = systemCallHandler(number);
  if (handler !== 0) return call_indirect<i32>(handler, frame);
  logUnknown(number);
  return -ENOSYS;
}

/** Logs, once for each process and number, that a call is missing. */
function logUnknown(number: u32): void {
  const process = currentProcess();
  // Numbers beyond the table share the last bit.
  const bit = min<u32>(number, SYSTEM_CALL_LIMIT - 1);
  const address = process.loggedCalls + bit / BITS_PER_BYTE;
  const mask: u32 = 1 << (bit % BITS_PER_BYTE);
  if ((load<u8>(address) & mask) !== 0) return;
  store<u8>(address, load<u8>(address) | mask);
  warn(cstr("%s[%u]: no system call %u"), <u32>process.name, process.pid, number);
}
