// From the number in a trap frame to the function that serves the call.
//
// A handler takes the trap frame, where `arg0` to `arg5` are its arguments, and returns what goes
// back to the program: a value, or a negative errno.

import { ENOSYS } from "../../src/abi/errno";
import { warn } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { currentProcess } from "../process/process";
import { divertCalls, divertedHandler, systemCallHandler } from "./call-rows";

/** Function index of `(frame: TrapFrame): i32`, which calls performTraced(); 0: none. */
let tracer: u32 = 0;

/**
 * From now on every call goes to the function of index `index`, the same each time. It takes the
 * handlers' places, so that a call asks nothing while there is no tracer.
 */
export function setTracer(index: u32): void {
  if (tracer === 0) divertCalls(index);
  tracer = index;
}

/** Serves the call that the current thread asks for. */
export function systemCall(frame: TrapFrame): void {
  const handler = systemCallHandler(frame.call);
  frame.result = handler !== 0 ? call_indirect<i32>(handler, frame) : withoutHandler(frame);
}

/** A call without a handler. */
function withoutHandler(frame: TrapFrame): i32 {
  return tracer !== 0 ? call_indirect<i32>(tracer, frame) : unknownCall(frame);
}

/** For the tracer: serves the call, and returns its result. */
export function performTraced(frame: TrapFrame): i32 {
  const handler = divertedHandler(frame.call);
  return handler !== 0 ? call_indirect<i32>(handler, frame) : unknownCall(frame);
}

/** The handler of every number without a row. Logs the number once for each process. */
function unknownCall(frame: TrapFrame): i32 {
  if (!currentProcess().hasLogged(frame.call)) logUnknown(frame.call);
  return -ENOSYS;
}

function logUnknown(number: u32): void {
  const process = currentProcess();
  process.noteLogged(number);
  warn(cstr("%s[%u]: no system call %u"), <u32>process.name, process.pid, number);
}
