// Cases about mappings, and about the segments and spaces that programs can ask for.

import { EACCES } from "../../src/abi/errno";
import { CLONE_VM } from "../../src/abi/linux/clone";
import { SystemCall } from "../../src/abi/linux/i386";
import {
  USER_DESC_BASE,
  USER_DESC_EMPTY,
  USER_DESC_FLAGS,
  USER_DESC_LIMIT,
  USER_DESC_SIZE,
} from "../../src/abi/linux/user-desc";
import { GUARD_END, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from "../../src/abi/mman";
import { SIGCHLD, SIGKILL } from "../../src/abi/signals";
import * as x86 from "../../src/abi/x86";
import { call } from "../runtime/answers";
import { print, printHex } from "../runtime/output";
import { AbuseCase } from "./case";
import { load_gs } from "./machine-code";
import { EXITS, expectFault, FAULTS, isIn, statusOf } from "./outcome";

const RW: u32 = PROT_READ | PROT_WRITE;
const RX: u32 = PROT_READ | PROT_EXEC;
const RWX: u32 = RW | PROT_EXEC;
const ANONYMOUS: u32 = MAP_PRIVATE | MAP_ANONYMOUS;
const FIXED: u32 = ANONYMOUS | MAP_FIXED;
const TLS_SELECTOR: u32 = (6 << 3) | 3;
const MANY: u32 = 4096;

const descriptor: usize = memory.data(USER_DESC_SIZE, 4);

export function mappingCases(): AbuseCase[] {
  return [
    new AbuseCase("map-where-nothing-may-be", EXITS, mapWhereNothingMayBe),
    new AbuseCase("map-over-everything", FAULTS, mapOverEverything),
    new AbuseCase("unmap-everything", FAULTS, unmapEverything),
    new AbuseCase("write-and-execute", EXITS, writeAndExecute),
    new AbuseCase("many-mappings", EXITS, manyMappings),
    new AbuseCase("rights-of-a-hidden-page", EXITS, hiddenPages),
    new AbuseCase("segments-of-every-shape", EXITS, segmentsOfEveryShape),
    new AbuseCase("segment-taken-away", EXITS, segmentTakenAway),
    new AbuseCase("selectors-of-every-kind", EXITS, selectorsOfEveryKind),
    new AbuseCase("child-that-kills-its-lender", 1 << SIGKILL, killLender),
    new AbuseCase("child-that-shares-and-unmaps", FAULTS, unmapForBoth),
  ];
}

function map(at: u32, size: u32, prot: u32, flags: u32): i32 {
  return call(SystemCall.mmap2, at, size, prot, flags, -1, 0);
}

function isError(result: i32): bool {
  return result < 0 && result > -4096;
}

function mapWhereNothingMayBe(): i32 {
  let failures = 0;
  for (let at = USER_END; at !== 0; at += PAGE_SIZE) {
    if (!isError(map(at, PAGE_SIZE, RW, FIXED))) failures++;
    if (!isError(map(at - PAGE_SIZE, 2 * PAGE_SIZE, RW, FIXED))) failures++;
  }
  if (!isError(map(0, PAGE_SIZE, RW, FIXED))) failures++;
  if (!isError(map(PAGE_SIZE, 0xfffff000, RW, FIXED))) failures++;
  if (!isError(map(GUARD_END, 0xfffff000, RW, ANONYMOUS))) failures++;
  const own = map(0, PAGE_SIZE, RW, ANONYMOUS);
  const flags = MREMAP_MAYMOVE | MREMAP_FIXED;
  for (let to = USER_END; to !== 0; to += PAGE_SIZE) {
    if (!isError(call(SystemCall.mremap, own, PAGE_SIZE, PAGE_SIZE, flags, to))) failures++;
    if (!isError(call(SystemCall.mprotect, to, PAGE_SIZE, RW))) failures++;
    if (to !== USER_END && !isError(call(SystemCall.munmap, to, PAGE_SIZE))) failures++;
  }
  return failures;
}

/** The next instruction is not there any more. */
function mapOverEverything(): i32 {
  map(PAGE_SIZE, USER_END - PAGE_SIZE, 0, FIXED);
  return 1;
}

function unmapEverything(): i32 {
  call(SystemCall.munmap, PAGE_SIZE, USER_END - PAGE_SIZE);
  return 1;
}

/** By each way that could lead there. */
function writeAndExecute(): i32 {
  let failures = 0;
  if (map(0, PAGE_SIZE, RWX, ANONYMOUS) !== -EACCES) failures++;
  if (map(0, PAGE_SIZE, RWX, MAP_SHARED | MAP_ANONYMOUS) !== -EACCES) failures++;
  const writable = map(0, PAGE_SIZE, RW, ANONYMOUS);
  x86.store8(writable, 0xc3);
  if (call(SystemCall.mprotect, writable, PAGE_SIZE, RWX) !== -EACCES) failures++;
  const executable = map(0, PAGE_SIZE, RX, ANONYMOUS);
  if (call(SystemCall.mprotect, executable, PAGE_SIZE, RWX) !== -EACCES) failures++;
  if (call(SystemCall.mprotect, writable, PAGE_SIZE, RX) !== 0) failures++;
  failures += expectFault(writeTo, writable);
  call(SystemCall.mprotect, writable, PAGE_SIZE, RW);
  x86.store8(writable, 0xc3);
  return failures;
}

function writeTo(address: u32): i32 {
  x86.store8(address, 0);
  return 0;
}

/** Regions that no two neighbours of can be one, split and joined again. */
function manyMappings(): i32 {
  const at = map(0, MANY * PAGE_SIZE, RW, ANONYMOUS);
  if (isError(at)) return 1;
  for (let i: u32 = 0; i < MANY; i += 2) {
    if (call(SystemCall.mprotect, at + i * PAGE_SIZE, PAGE_SIZE, PROT_READ) !== 0) return 1;
  }
  for (let i: u32 = 1; i < MANY; i += 2) x86.store32(at + i * PAGE_SIZE, i);
  call(SystemCall.mprotect, at, MANY * PAGE_SIZE, RW);
  for (let i: u32 = 1; i < MANY; i += 2) {
    if (x86.load32(at + i * PAGE_SIZE) !== i) return 1;
  }
  return call(SystemCall.munmap, at, MANY * PAGE_SIZE);
}

/** A page without rights keeps its contents through forks, and gives them to nobody. */
function hiddenPages(): i32 {
  const at = map(0, PAGE_SIZE, RW, ANONYMOUS);
  x86.store32(at, 0x12345678);
  call(SystemCall.mprotect, at, PAGE_SIZE, 0);
  let failures = expectFault(writeTo, at);
  failures += statusOf(unhide, at) === 0 ? 0 : 1;
  return failures + unhide(at);
}

function unhide(at: u32): i32 {
  call(SystemCall.mprotect, at, PAGE_SIZE, RW);
  return x86.load32(at) === 0x12345678 ? 0 : 1;
}

function describe(base: u32, limit: u32, flags: u32): i32 {
  store<u32>(descriptor, TLS_SELECTOR >> 3);
  store<u32>(descriptor, base, USER_DESC_BASE);
  store<u32>(descriptor, limit, USER_DESC_LIMIT);
  store<u32>(descriptor, flags, USER_DESC_FLAGS);
  return call(SystemCall.set_thread_area, descriptor);
}

const bases: StaticArray<u32> = [0, PAGE_SIZE, 0x80000000, USER_END, GUARD_END, 0xffffffff];
const limits: StaticArray<u32> = [0, 1, 0xfffff, 0x100000, 0xffffffff];

/** Whatever the kernel accepts can be loaded, and outlives a switch to others. */
function segmentsOfEveryShape(): i32 {
  let failures = 0;
  for (let flags: u32 = 0; flags < 256; flags++) {
    for (let i = 0; i < bases.length; i++) {
      const limit = limits[<i32>(flags + <u32>i) % limits.length];
      if (describe(bases[i], limit, flags) !== 0) continue;
      const isLoaded = statusOf(loadAndYield, TLS_SELECTOR);
      // No segment: to load it is the program's fault.
      if (isIn(EXITS | FAULTS, isLoaded)) continue;
      print("  flags ");
      printHex(flags);
      print("\n");
      failures++;
    }
  }
  return failures;
}

function loadAndYield(selector: u32): i32 {
  load_gs(selector);
  call(SystemCall.sched_yield);
  call(SystemCall.getpid);
  return 0;
}

/** GS refers to a descriptor that is gone when the thread runs again. */
function segmentTakenAway(): i32 {
  if (describe(0x1000, 0xfffff, 0x51) !== 0) return 1;
  load_gs(TLS_SELECTOR);
  if (describe(0, 0, USER_DESC_EMPTY) !== 0) return 1;
  return statusOf(loadAndYield, 0) | loadAndYield(0);
}

function selectorsOfEveryKind(): i32 {
  let failures = 0;
  for (let selector: u32 = 0; selector < 0x80; selector++) {
    if (!isIn(EXITS | FAULTS, statusOf(loadAndYield, selector))) failures++;
  }
  return isIn(EXITS | FAULTS, statusOf(loadAndYield, 0xffff)) ? failures : failures + 1;
}

/** The parent waits for the child, which has its space, and dies of it. */
function killLender(): i32 {
  const parent = call(SystemCall.getpid);
  const child = x86.int80(SystemCall.vfork, 0, 0, 0, 0, 0, 0);
  if (child === 0) {
    x86.int80(SystemCall.kill, parent, SIGKILL, 0, 0, 0, 0);
    x86.int80(SystemCall.sched_yield, 0, 0, 0, 0, 0, 0);
    x86.int80(SystemCall.exit, 0, 0, 0, 0, 0, 0);
  }
  return 1;
}

/** A child that shares the space takes it away from under both. */
function unmapForBoth(): i32 {
  const stack = map(0, PAGE_SIZE, RW, ANONYMOUS) + PAGE_SIZE - 16;
  const child = x86.int80(SystemCall.clone, CLONE_VM | SIGCHLD, stack, 0, 0, 0, 0);
  if (child === 0) x86.int80(SystemCall.munmap, PAGE_SIZE, USER_END - PAGE_SIZE, 0, 0, 0, 0);
  while (call(SystemCall.sched_yield) === 0);
  return 1;
}
