// `trace` on the kernel's command line: every system call is printed as strace prints it.
//
//   [2] write(1, "hello\n", 6)
//   [2] write = 6
//
// How an argument looks follows from its kind in src/abi/syscalls.ts. Call and result are lines of
// their own, because other processes run between the two when a call blocks.

import { ERRNO_MAX } from "../../src/abi/errno";
import {
  ARGUMENT_FILE,
  ARGUMENT_FLAGS,
  ARGUMENT_INPUT,
  ARGUMENT_INTEGER,
  ARGUMENT_POINTER,
  ARGUMENT_STRING,
  argumentCount,
  argumentKind,
  argumentKinds,
  SystemCall,
} from "../../src/abi/syscalls";
import { print } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyInString, userPointer } from "../memory/user-memory";
import { current } from "../process/process";

/** Longer strings are cut off, as strace does. */
const SHOWN: u32 = 32;
const text: usize = memory.data(36, 4);

/** Whether calls are printed. */
export let isTracing: bool = false;

export function startTracing(): void {
  isTracing = true;
}

/** Prints the call that `frame` asks for. */
export function traceCall(number: u32, frame: TrapFrame): void {
  const kinds = argumentKinds(number);
  print(cstr("[%u] %S("), current.pid, nameOf(number));
  for (let i: u32 = 0; i < argumentCount(kinds); i++) {
    if (i !== 0) print(cstr(", "));
    printArgument(argumentKind(kinds, i), argument(frame, i), argument(frame, i + 1));
  }
  print(cstr(")\n"));
}

/** Prints what the call returned to the current process. */
export function traceResult(number: u32, result: i32): void {
  const isAddress = number === SystemCall.brk;
  print(cstr("[%u] %S = "), current.pid, nameOf(number));
  if (isAddress && (result > 0 || result < -ERRNO_MAX)) print(cstr("0x%x\n"), result);
  else print(cstr("%d\n"), result);
}

function nameOf(number: u32): u32 {
  return <u32>changetype<usize>(SystemCall[number]);
}

function argument(frame: TrapFrame, index: u32): u32 {
  switch (index) {
    case 0:
      return frame.ebx;
    case 1:
      return frame.ecx;
    case 2:
      return frame.edx;
    case 3:
      return frame.esi;
    case 4:
      return frame.edi;
    default:
      return frame.ebp;
  }
}

function printArgument(kind: u32, value: u32, next: u32): void {
  switch (kind) {
    case ARGUMENT_INTEGER:
    case ARGUMENT_FILE:
      print(cstr("%d"), value);
      return;
    case ARGUMENT_FLAGS:
    case ARGUMENT_POINTER:
      print(value === 0 ? cstr("%u") : cstr("0x%x"), value);
      return;
    case ARGUMENT_STRING:
      printUserString(value);
      return;
    case ARGUMENT_INPUT:
      printUserBytes(value, next);
      return;
    default:
      print(cstr("%u"), value);
  }
}

function printUserString(address: u32): void {
  const length = copyInString(current.space!, userPointer(address), text, SHOWN + 1);
  if (length >= 0) printQuoted(<u32>length, false);
  else if (copyIn(current.space!, userPointer(address), text, SHOWN) === 0)
    printQuoted(SHOWN, true);
  else print(cstr("0x%x"), address);
}

function printUserBytes(address: u32, size: u32): void {
  const shown = min<u32>(size, SHOWN);
  if (copyIn(current.space!, userPointer(address), text, shown) !== 0) print(cstr("0x%x"), address);
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
