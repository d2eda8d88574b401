// Cases about memory that is not the user's, or that may not be used that way.

import { GUARD_END, PAGE_SIZE, PAGE_TABLES, USER_DATA, USER_END } from "../../src/abi/memory-map";
import { SIGKILL, SIGSEGV } from "../../src/abi/signals";
import * as x86 from "../../src/abi/x86";
import { print, printDecimal } from "../runtime/output";
import { brk } from "../runtime/system-calls";
import { AbuseCase, NO_EXECUTE } from "./case";
import { call_code, jump_hostile, overflow_stack } from "./machine-code";
import { EXITS, expectFault, FAULTS, isIn, printStatus, statusOf } from "./outcome";
import * as symbols from "./symbols";

const TRAMPOLINE_PAGES: u32 = 3;
const SYSTEM_CALL_VECTOR: u32 = 0x80;
const VECTORS: u32 = 256;
const STUB_SIZE: u32 = 4;
const MIB: u32 = 1 << 20;
const RETURN_INSTRUCTION: u32 = 0xc3;
const SYSTEM_CALL_INSTRUCTION: u32 = 0x80cd;

const page: usize = memory.data(4096, 4096);

export function memoryCases(): AbuseCase[] {
  return [
    new AbuseCase("read-trampoline", EXITS, readTrampoline),
    new AbuseCase("write-trampoline", EXITS, writeTrampoline),
    new AbuseCase("jump-into-trampoline", EXITS, jumpIntoTrampoline),
    new AbuseCase("read-kernel-addresses", EXITS, readKernelAddresses),
    new AbuseCase("write-kernel-addresses", EXITS, writeKernelAddresses),
    new AbuseCase("write-read-only-data", FAULTS, writeReadOnlyData),
    new AbuseCase("write-across-the-end", FAULTS, () => {
      x86.store32(USER_END - 2, 0);
      return 1;
    }),
    new AbuseCase("write-across-4-gib", FAULTS, () => {
      x86.store32(0xfffffffe, 0);
      return 1;
    }),
    new AbuseCase("execute-data", FAULTS, executeData, 0, NO_EXECUTE),
    new AbuseCase("execute-stack", FAULTS, executeStack, 0, NO_EXECUTE),
    new AbuseCase("execute-heap", FAULTS, executeHeap, 0, NO_EXECUTE),
    new AbuseCase("return-past-user-space", FAULTS, returnPastUserSpace),
    new AbuseCase("run-off-the-stack", FAULTS, () => {
      overflow_stack();
      return 1;
    }),
    new AbuseCase("deep-stack", EXITS, deepStack),
    new AbuseCase("far-below-the-stack", FAULTS, () => {
      x86.store32(USER_END - 16 * MIB, 1);
      return 1;
    }),
    new AbuseCase("gates-that-are-not-the-users", EXITS, gates),
    new AbuseCase("take-all-memory", 1 << SIGKILL, takeAllMemory),
  ];
}

function readAt(address: u32): i32 {
  x86.load32(address);
  return 0;
}

function writeAt(address: u32): i32 {
  x86.store32(address, 0);
  return 0;
}

/** Register values that a careless entry could mistake for its own. */
const hostile: StaticArray<u32> = [0, 0xffffffff, GUARD_END, 0x00100000, 0x80000000, 0x1000];
let hostileValue: u32 = 0;

function jumpAt(address: u32): i32 {
  jump_hostile(address, hostileValue);
  return 0;
}

function readTrampoline(): i32 {
  let failures = 0;
  for (let at = GUARD_END; at !== 0; at += 1024) failures += expectFault(readAt, at);
  return failures + expectFault(readAt, 0xfffffffc);
}

function writeTrampoline(): i32 {
  let failures = 0;
  for (let at = GUARD_END; at !== 0; at += 1024) failures += expectFault(writeAt, at);
  return failures + expectFault(writeAt, 0xfffffffc);
}

function jumpIntoTrampoline(): i32 {
  let failures = 0;
  for (let i = 0; i < hostile.length; i++) {
    hostileValue = hostile[i];
    for (let n: u32 = 0; n < TRAMPOLINE_PAGES; n++) {
      const start = GUARD_END + n * PAGE_SIZE;
      failures += expectFault(jumpAt, start);
      failures += expectFault(jumpAt, start + 3);
      failures += expectFault(jumpAt, start + 0x100 * (<u32>i + 1));
      failures += expectFault(jumpAt, start + PAGE_SIZE - 1);
    }
  }
  return failures;
}

/** Where the kernel has or could have memory, and the user has none. */
const kernelAddresses: StaticArray<u32> = [
  0,
  4,
  PAGE_SIZE - 4,
  0x000b8000,
  0x40000000,
  0x80000000,
  0xc0000000,
  0xfec00000,
  0xfee00000,
  PAGE_TABLES,
  PAGE_TABLES + 0x100000,
  USER_END,
  USER_END + PAGE_SIZE - 4,
];

function readKernelAddresses(): i32 {
  let failures = 0;
  for (let i = 0; i < kernelAddresses.length; i++) {
    failures += expectFault(readAt, kernelAddresses[i]);
  }
  return failures;
}

function writeKernelAddresses(): i32 {
  let failures = 0;
  for (let i = 0; i < kernelAddresses.length; i++) {
    failures += expectFault(writeAt, kernelAddresses[i]);
  }
  return failures;
}

function writeReadOnlyData(): i32 {
  x86.store32(symbols.machine_cases(), 0);
  return 1;
}

function executeData(): i32 {
  x86.store8(page, RETURN_INSTRUCTION);
  call_code(page);
  return 1;
}

function executeStack(): i32 {
  const code = x86.readesp() - 256;
  x86.store8(code, RETURN_INSTRUCTION);
  call_code(code);
  return 1;
}

function executeHeap(): i32 {
  const heap = brk(0);
  brk(heap + PAGE_SIZE);
  x86.store8(heap, RETURN_INSTRUCTION);
  call_code(heap);
  return 1;
}

/** A system call in the last two bytes of user space: it would return to the guard. */
function returnPastUserSpace(): i32 {
  x86.store16(USER_END - 2, SYSTEM_CALL_INSTRUCTION);
  jump_hostile(USER_END - 2, 20);
  return 1;
}

/** Most of the 8 MiB that a stack may have, touched from the top down. */
function deepStack(): i32 {
  const top = x86.readesp() & ~(PAGE_SIZE - 1);
  for (let depth: u32 = PAGE_SIZE; depth < 7 * MIB; depth += PAGE_SIZE) {
    x86.store32(top - depth, depth);
  }
  for (let depth: u32 = PAGE_SIZE; depth < 7 * MIB; depth += PAGE_SIZE) {
    if (x86.load32(top - depth) !== depth) return 1;
  }
  return 0;
}

function interruptBy(vector: u32): i32 {
  call_code(symbols.interrupts() + vector * STUB_SIZE);
  return 0;
}

/** Every `int N` but the one for system calls must end the process. */
function gates(): i32 {
  const mortal = u32.MAX_VALUE & ~EXITS;
  let failures = 0;
  for (let vector: u32 = 0; vector < VECTORS; vector++) {
    if (vector === SYSTEM_CALL_VECTOR) continue;
    const status = statusOf(interruptBy, vector);
    if (isIn(mortal, status)) continue;
    print("  int ");
    printDecimal(vector);
    print(": ");
    printStatus(status);
    print("\n");
    failures++;
  }
  return failures;
}

/** Ends when the kernel has no frame left to give. */
function takeAllMemory(): i32 {
  const start = (brk(0) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
  const end = USER_END - 16 * MIB;
  if (brk(end) !== end) return 1;
  for (let at = start; at < end; at += PAGE_SIZE) x86.store32(at, at);
  return 1;
}

if (SIGSEGV !== 11 || USER_DATA < PAGE_SIZE) ERROR("the cases assume Linux's numbers");
