// What is printed when a fault kills a user program: which one, what it did, why that was wrong,
// and where.
//
//   abuse[7] killed by SIGSEGV: writes to 0xffffd000: the trampoline is the supervisor's
//     at main (user/abuse/main.ts:31), eip 0x00001234, esp 0xffffbf80

import { VECTOR_GENERAL_PROTECTION } from "../../src/abi/descriptors";
import { GUARD_END, PAGE_MASK, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import { FAULT_FETCH, FAULT_WRITE } from "../../src/abi/paging";
import { SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGTRAP } from "../../src/abi/signals";
import { copyContents } from "../file/contents";
import { Inode } from "../file/inode";
import { print } from "../log/log";
import { exceptionName } from "../machine/i686/exceptions";
import { LONGEST_INSTRUCTION, privilegedInstruction } from "../machine/i686/privileged";
import { TrapFrame } from "../machine/i686/trap-frame";
import { STACK_GAP } from "../memory/fault";
import { free } from "../memory/heap";
import { REGION_EXECUTE, REGION_GROWS_DOWN, REGION_WRITE } from "../memory/region";
import { AddressSpace } from "../memory/space";
import { copyIn, userPointer } from "../memory/user-memory";
import { Process } from "../process/process";
import { findSection } from "../program/elf";
import { printPlace } from "./backtrace";

// A selector's error code: that the descriptor is in the IDT, and its number there.
const ERROR_IN_IDT: u32 = 2;
const ERROR_INDEX_SHIFT: u32 = 3;

/** The instruction that faulted, as far as it could be read. */
const instructionBytes: usize = memory.data(16, 4);

/** Prints that `process` dies of an access to `address`. */
export function explainPageFault(
  process: Process,
  frame: TrapFrame,
  address: u32,
  signal: u32,
): void {
  printVictim(process, signal);
  // Without NX a fetch is told from a read by its address alone.
  const fetches = (frame.error & FAULT_FETCH) !== 0 || address === frame.eip;
  const writes = (frame.error & FAULT_WRITE) !== 0;
  if (writes) print(cstr("writes to %p: "), address);
  else if (fetches) print(cstr("executes at %p: "), address);
  else print(cstr("reads from %p: "), address);
  const why =
    signal === SIGKILL ? cstr("out of memory") : reason(process.space!, address, writes, fetches);
  print(cstr("%s\n"), <u32>why);
  printWhere(process, frame);
}

/** Prints that `process` dies of an exception other than a page fault. */
export function explainException(process: Process, frame: TrapFrame, signal: u32): void {
  printVictim(process, signal);
  const instruction =
    frame.vector === VECTOR_GENERAL_PROTECTION ? privilegedInstructionAt(frame.eip) : 0;
  if (frame.vector === VECTOR_GENERAL_PROTECTION && (frame.error & ERROR_IN_IDT) !== 0) {
    print(cstr("int 0x%x: that gate is not the user's\n"), frame.error >> ERROR_INDEX_SHIFT);
  } else if (instruction !== 0) {
    print(cstr("privileged instruction: %s\n"), <u32>instruction);
  } else {
    print(cstr("%s"), <u32>exceptionName(frame.vector));
    if (frame.error !== 0) print(cstr(", error code 0x%x"), frame.error);
    print(cstr("\n"));
  }
  printWhere(process, frame);
}

/** The name of the privileged instruction at the user's `eip`, or 0 if there is none. */
function privilegedInstructionAt(eip: u32): usize {
  memory.fill(instructionBytes, 0, LONGEST_INSTRUCTION);
  if (copyIn(userPointer(eip), instructionBytes, LONGEST_INSTRUCTION) !== 0) {
    // Up to the end of the page is enough if the next page is not there.
    const rest = PAGE_SIZE - (eip & PAGE_MASK);
    if (rest >= LONGEST_INSTRUCTION) return 0;
    if (copyIn(userPointer(eip), instructionBytes, rest) !== 0) return 0;
  }
  return privilegedInstruction(instructionBytes);
}

/** Why the user may not do that there. */
function reason(space: AddressSpace, address: u32, writes: bool, fetches: bool): usize {
  if (address < PAGE_SIZE) return cstr("page 0 is never mapped");
  if (address >= GUARD_END) return cstr("the trampoline is the supervisor's");
  if (address >= USER_END) return cstr("the guard page below the trampoline");
  const region = space.findRegion(address);
  if (region === null) {
    return isBelowStack(space, address)
      ? cstr("the stack has reached its limit, this is the guard below it")
      : cstr("nothing is mapped there");
  }
  if (region.rights === 0) return cstr("it may not be accessed");
  if (writes && (region.rights & REGION_WRITE) === 0) return cstr("it is read-only");
  if (fetches && (region.rights & REGION_EXECUTE) === 0) return cstr("it is not executable");
  return region.object !== null ? cstr("the file ends before") : cstr("it may not be accessed");
}

/** Whether a stack would have grown down to `address`, had it been allowed to. */
function isBelowStack(space: AddressSpace, address: u32): bool {
  const regions = space.regions;
  const index = regions.firstEndingAfter(address);
  if (index === regions.count) return false;
  const region = regions.at(index);
  if ((region.flags & REGION_GROWS_DOWN) === 0) return false;
  return address >= region.end - space.stackLimit - STACK_GAP;
}

function printVictim(process: Process, signal: u32): void {
  print(cstr("%s[%u] killed by %s: "), <u32>process.name, process.pid, <u32>signalName(signal));
}

/** Prints where in its program a process entered the kernel with `frame`. */
export function printWhere(process: Process, frame: TrapFrame): void {
  print(cstr("  at "));
  printUserPlace(process.program!.inode, frame.eip);
  print(cstr(", eip %p, esp %p\n"), frame.eip, frame.esp);
}

/** What the symbols in the program's file say of an address in it. */
function printUserPlace(program: Inode, address: u32): void {
  const image = copyContents(program);
  const size = <u32>program.size;
  const table = image === 0 ? 0 : findSection(image, size, cstr(".isthmus.symbols"));
  if (table === 0) print(cstr("?"));
  else printPlace(table, <u32>(image + size - table), address);
  free(image);
}

function signalName(signal: u32): usize {
  switch (signal) {
    case SIGILL:
      return cstr("SIGILL");
    case SIGTRAP:
      return cstr("SIGTRAP");
    case SIGBUS:
      return cstr("SIGBUS");
    case SIGFPE:
      return cstr("SIGFPE");
    case SIGKILL:
      return cstr("SIGKILL");
    case SIGSEGV:
      return cstr("SIGSEGV");
    default:
      return cstr("a signal");
  }
}
