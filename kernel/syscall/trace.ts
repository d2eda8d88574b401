// `trace` on the kernel's command line: every system call is printed as strace prints it.
//
//   [2] write(1, "hello\n", 6)
//   [2] write = 6
//   [2] syscall_0x14(0x1, 0x0, 0x0, 0x0, 0x0, 0x0)       a call that the kernel does not have
//   [2] syscall_0x14 = -38
//
// How an argument looks follows from its kind in the call's row (table.ts). Call and result are
// lines of their own, because other processes run between the two when a call blocks.

import { ERRNO_MAX } from "../../src/abi/errno";
import {
  ADDRESS,
  ARGUMENTS_MAX,
  argumentKind,
  FILE,
  FLAGS,
  INPUT,
  INTEGER,
  OUTPUT,
  PATH,
  POINTER,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { print } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyInString, userPointer } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { systemCallHandler, systemCallKinds } from "./call-rows";
import { perform, setTracer } from "./dispatch";

/** Longer strings are cut off, as strace does. */
const SHOWN: u32 = 32;
const text: usize = memory.data(SHOWN + 4, 4);

/** From now on every call is printed. */
export function startTracing(): void {
  setTracer(tracedCall.index);
}

function tracedCall(frame: TrapFrame): void {
  const number = frame.call;
  traceCall(number, frame);
  const result = perform(frame);
  frame.result = result;
  traceResult(number, result);
}

/** Prints the call that `frame` asks for. */
function traceCall(number: u32, frame: TrapFrame): void {
  printName(number);
  print(cstr("("));
  if (systemCallHandler(number) !== 0) printArguments(systemCallKinds(number), frame);
  else printRegisters(frame);
  print(cstr(")\n"));
}

/** Prints what the call returned to the current process. */
function traceResult(number: u32, result: i32): void {
  printName(number);
  const isAddress = returnsAddress(number);
  if (isAddress && (result > 0 || result < -ERRNO_MAX)) print(cstr(" = 0x%x\n"), result);
  else print(cstr(" = %d\n"), result);
}

function returnsAddress(number: u32): bool {
  switch (number) {
    case SystemCall.brk:
    case SystemCall.mmap:
    case SystemCall.mmap2:
    case SystemCall.mremap:
      return true;
    default:
      return false;
  }
}

/** Prints process and call: a call without a name by its number. */
function printName(number: u32): void {
  const pid = currentProcess().pid;
  if (systemCallHandler(number) === 0) print(cstr("[%u] syscall_0x%x"), pid, number);
  else print(cstr("[%u] %S"), pid, <u32>changetype<usize>(SystemCall[number]));
}

function printArguments(kinds: u32, frame: TrapFrame): void {
  for (let i: u32 = 0; argumentKind(kinds, i) !== 0; i++) {
    if (i !== 0) print(cstr(", "));
    printArgument(argumentKind(kinds, i), argument(frame, i), argument(frame, i + 1));
  }
}

/** Everything that a call may look at: nothing says how many arguments this one has. */
function printRegisters(frame: TrapFrame): void {
  for (let i: u32 = 0; i < ARGUMENTS_MAX; i++) {
    print(i === 0 ? cstr("0x%x") : cstr(", 0x%x"), argument(frame, i));
  }
}

function argument(frame: TrapFrame, index: u32): u32 {
  switch (index) {
    case 0:
      return frame.arg0;
    case 1:
      return frame.arg1;
    case 2:
      return frame.arg2;
    case 3:
      return frame.arg3;
    case 4:
      return frame.arg4;
    default:
      return frame.arg5;
  }
}

function printArgument(kind: u32, value: u32, next: u32): void {
  switch (kind) {
    case INTEGER:
    case FILE:
      print(cstr("%d"), value);
      return;
    case FLAGS:
    case OUTPUT:
    case POINTER:
    case ADDRESS:
      print(value === 0 ? cstr("%u") : cstr("0x%x"), value);
      return;
    case PATH:
      printUserString(value);
      return;
    case INPUT:
      printUserBytes(value, next);
      return;
    default:
      print(cstr("%u"), value);
  }
}

function printUserString(address: u32): void {
  const length = copyInString(userPointer(address), text, SHOWN + 1);
  if (length >= 0) printQuoted(<u32>length, false);
  else if (copyIn(userPointer(address), text, SHOWN) === 0) printQuoted(SHOWN, true);
  else print(cstr("0x%x"), address);
}

function printUserBytes(address: u32, size: u32): void {
  const shown = min<u32>(size, SHOWN);
  if (copyIn(userPointer(address), text, shown) !== 0) print(cstr("0x%x"), address);
  else printQuoted(shown, size > shown);
}

function printQuoted(length: u32, isCut: bool): void {
  print(cstr('"'));
  for (let i: u32 = 0; i < length; i++) {
    const byte: u32 = load<u8>(text + i);
    if (byte === 0x0a) print(cstr("\\n"));
    else if (byte >= 0x20 && byte < 0x7f) print(cstr("%c"), byte);
    else print(cstr("\\x%02x"), byte);
  }
  print(isCut ? cstr('"...') : cstr('"'));
}
