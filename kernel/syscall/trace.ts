// `trace` on the kernel's command line: tells of every system call, signal and end of a process.
//
//   [2 8f3a20c11] call 127 ffffff9c 804a0c0 80000 0 0 0 1="/etc/passwd"
//   [2 8f3a2155e] return 127 3
//
// src/abi/trace-event.ts has the form. Call and result are lines of their own, because other
// processes run between the two when a call blocks. Nothing is decoded here, and calls have numbers
// instead of names, which would take 4 KiB of the kernel: `isthmus run --trace` does all that
// (src/trace/), from the same kinds of arguments.

import { isErrno } from "../../src/abi/errno";
import { ARGUMENTS_MAX } from "../../src/abi/linux/argument-kinds";
import * as x86 from "../../src/abi/x86";
import { TrapFrame } from "../machine/i686/trap-frame";
import { observeProcesses } from "../process/process-observer";
import { SignalNote } from "../process/signal-note";
import { currentThread } from "../thread/thread";
import { performTraced, setTracer } from "./dispatch";
import { argumentOf, captureAfter, captureBefore } from "./trace-capture";
import { endLine, writeByte, writeDecimal, writeHexadecimal, writeText } from "./trace-line";

const SPACE: u32 = 0x20;

/** From now on everything is told. */
export function startTracing(): void {
  setTracer(tracedCall.index);
  observeProcesses(tellSignal.index, tellEnd.index);
}

function tracedCall(frame: TrapFrame): i32 {
  const number = frame.call;
  tellCall(number, frame);
  const result = performTraced(frame);
  tellReturn(number, frame, <u32>result);
  return result;
}

function tellCall(number: u32, frame: TrapFrame): void {
  startLine(cstr("call"));
  writeWord(number);
  for (let i: u32 = 0; i < ARGUMENTS_MAX; i++) writeWord(argumentOf(frame, i));
  captureBefore(number, frame);
  endLine();
}

function tellReturn(number: u32, frame: TrapFrame, result: u32): void {
  startLine(cstr("return"));
  writeWord(number);
  writeWord(result);
  if (!isErrno(result)) captureAfter(number, frame, result);
  endLine();
}

/** A signal is delivered to the current thread. */
function tellSignal(note: SignalNote): void {
  startLine(cstr("signal"));
  writeWord(note.signal);
  writeWord(<u32>note.code);
  writeWord(note.pid);
  writeWord(note.user);
  writeWord(note.value);
  endLine();
}

/** The current thread ends. */
function tellEnd(status: u32): void {
  startLine(cstr("end"));
  writeWord(status);
  endLine();
}

function startLine(kind: usize): void {
  writeByte(0x5b);
  writeDecimal(currentThread.id);
  writeByte(SPACE);
  writeHexadecimal(x86.rdtsc());
  writeText(cstr("] "));
  writeText(kind);
}

function writeWord(value: u32): void {
  writeByte(SPACE);
  writeHexadecimal(value);
}
