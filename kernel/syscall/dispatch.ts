// From the number in a trap frame to the function that serves the call.
//
// A handler takes the trap frame, where `arg0` to `arg5` are its arguments, and returns what goes
// back to the program: a value, or a negative errno.

import { ENOSYS } from "../../src/abi/errno";
import { SYSTEM_CALL_LIMIT } from "../../src/abi/linux/i386";
import { warn } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { currentProcess } from "../process/process";
import { divertCalls, divertedFunction, servingFunction } from "./call-rows";

let isTraced: bool = false;

/**
 * From now on every call goes to the function of index `index`, which calls performTraced(). It
 * takes the handlers' places, so that a call asks nothing while there is no tracer.
 */
export function setTracer(index: u32): void {
  if (!isTraced) divertCalls(index);
  isTraced = true;
}

/** Serves the call that the current thread asks for. */
export function systemCall(frame: TrapFrame): void {
  const number = frame.call;
  // On a way of their own, so that the others go straight on.
  if (number >= SYSTEM_CALL_LIMIT) {
    frame.result = call_indirect<i32>(servingFunction(SYSTEM_CALL_LIMIT), frame);
    return;
  }
  frame.result = call_indirect<i32>(servingFunction(number), frame);
}

/** For the tracer: serves the call, and returns its result. */
export function performTraced(frame: TrapFrame): i32 {
  return call_indirect<i32>(divertedFunction(min(frame.call, SYSTEM_CALL_LIMIT)), frame);
}

/** The handler of every number without a row. Logs the number once for each process. */
export function unknownCall(frame: TrapFrame): i32 {
  if (!currentProcess().hasLogged(frame.call)) logUnknown(frame.call);
  return -ENOSYS;
}

function logUnknown(number: u32): void {
  const process = currentProcess();
  process.noteLogged(number);
  warn(cstr("%s[%u]: no system call %u"), <u32>process.name, process.pid, number);
}
