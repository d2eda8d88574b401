// What a program finds on its stack when it starts, as the i386 System V ABI and Linux define it.
//
//   USER_END   +----------------------------------+
//              | a word of 0                      |
//              | path, environment and arguments  |   the strings of the argument block
//              | "i686"                           |   AT_PLATFORM
//              | 16 random bytes                  |   AT_RANDOM
//              +----------------------------------+   16-byte aligned
//              | AT_NULL 0                        |
//              | ...                              |
//              | auxiliary vector: pairs          |
//              | 0                                |
//              | envp[0] ...                      |
//              | 0                                |
//              | argv[0] ...                      |
//   ESP ->     | argc                             |   16-byte aligned
//              +----------------------------------+

import {
  AT_BASE,
  AT_CLKTCK,
  AT_EGID,
  AT_ENTRY,
  AT_EUID,
  AT_EXECFN,
  AT_FLAGS,
  AT_GID,
  AT_HWCAP,
  AT_NULL,
  AT_PAGESZ,
  AT_PHDR,
  AT_PHENT,
  AT_PHNUM,
  AT_PLATFORM,
  AT_RANDOM,
  AT_SECURE,
  AT_UID,
} from "../../src/abi/auxiliary";
import { PHDR_SIZE } from "../../src/abi/elf";
import { ENOMEM } from "../../src/abi/errno";
import { PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import * as x86 from "../../src/abi/x86";
import { fillRandom } from "../device/random";
import { textLength } from "../log/text-length";
import { hasFloatingPoint } from "../machine/i686/floating-point";
import { allocate, free } from "../memory/heap";
import { AddressSpace } from "../memory/space";
import { copyOutTo, userPointer } from "../memory/user-memory";
import { TICKS_PER_SECOND } from "../thread/ticks";
import { ArgumentBlock } from "./argument-block";
import { ProgramFile } from "./program-file";
import { ProgramCredentials } from "./set-id";

const WORD: u32 = 4;
const ALIGNMENT: u32 = 16;
const RANDOM_SIZE: u32 = 16;
const PLATFORM_SIZE: u32 = 8;
const AUXILIARY_PAIRS: u32 = 18;
const CPUID_FEATURES: u32 = 1;
const CPUID_EDX: usize = 12;
/** FPU, MMX, FXSR, SSE and SSE2: what programs may lack though the processor has it. */
const FLOATING_POINT: u32 = (1 << 0) | (1 << 23) | (1 << 24) | (1 << 25) | (1 << 26);

const random: usize = memory.data(RANDOM_SIZE, 4);
const cpuid: usize = memory.data(16, 4);

/** Where the next word of the vectors goes, in the kernel's copy. */
let next: usize = 0;

/**
 * Fills the stack of a space whose stack region exists, for a program whose interpreter, if it has
 * one, begins at `base`, and that acts for `who`. What ESP must be, or -ENOMEM as an unsigned
 * number (no stack pointer is above USER_END).
 */
export function buildInitialStack(
  space: AddressSpace,
  program: ProgramFile,
  base: u32,
  block: ArgumentBlock,
  who: ProgramCredentials,
): u32 {
  const strings = USER_END - WORD - block.size;
  const platform = strings - PLATFORM_SIZE;
  const randomBytes = platform - RANDOM_SIZE;
  const words = 1 + block.argumentCount + 1 + block.environmentCount + 1 + 2 * AUXILIARY_PAIRS;
  const esp = (randomBytes - words * WORD) & ~(ALIGNMENT - 1);

  fillRandom(random, RANDOM_SIZE);
  if (copyOutTo(space, userPointer(strings), block.strings, block.size) !== 0) return -ENOMEM;
  if (copyOutTo(space, userPointer(platform), cstr("i686"), 5) !== 0) return -ENOMEM;
  if (copyOutTo(space, userPointer(randomBytes), random, RANDOM_SIZE) !== 0) return -ENOMEM;

  const vectors = allocate(words * WORD);
  if (vectors === 0) return -ENOMEM;
  next = vectors;
  putWord(block.argumentCount);
  const environment = putPointers(block, 0, strings, block.argumentCount);
  space.argumentsStart = strings;
  space.environmentStart = strings + environment;
  space.environmentEnd = strings + block.path;
  putPointers(block, environment, strings, block.environmentCount);
  putAuxiliary(program, base, platform, randomBytes, strings + block.path);
  putCredentials(who);
  putPair(AT_NULL, 0);
  const result = copyOutTo(space, userPointer(esp), vectors, words * WORD);
  free(vectors);
  return result === 0 ? esp : -ENOMEM;
}

/** Pointers to `count` strings from offset `offset` of the block on; the offset after them. */
function putPointers(block: ArgumentBlock, offset: u32, strings: u32, count: u32): u32 {
  for (let i: u32 = 0; i < count; i++) {
    putWord(strings + offset);
    offset += textLength(block.strings + offset) + 1;
  }
  putWord(0);
  return offset;
}

function putAuxiliary(
  program: ProgramFile,
  base: u32,
  platform: u32,
  randomBytes: u32,
  path: u32,
): void {
  x86.cpuid(CPUID_FEATURES, 0, cpuid);
  const hidden = hasFloatingPoint() ? 0 : FLOATING_POINT;
  putPair(AT_HWCAP, load<u32>(cpuid, CPUID_EDX) & ~hidden);
  putPair(AT_PAGESZ, PAGE_SIZE);
  putPair(AT_CLKTCK, TICKS_PER_SECOND);
  putPair(AT_PHDR, program.headersAddress);
  putPair(AT_PHENT, PHDR_SIZE);
  putPair(AT_PHNUM, program.headerCount);
  putPair(AT_BASE, base);
  putPair(AT_FLAGS, 0);
  putPair(AT_ENTRY, program.entry);
  putPair(AT_RANDOM, randomBytes);
  putPair(AT_EXECFN, path);
  putPair(AT_PLATFORM, platform);
}

/** For whom it acts, and whether the C library must not trust the environment. */
function putCredentials(who: ProgramCredentials): void {
  putPair(AT_UID, who.user);
  putPair(AT_EUID, who.effectiveUser);
  putPair(AT_GID, who.group);
  putPair(AT_EGID, who.effectiveGroup);
  putPair(AT_SECURE, who.isSecure ? 1 : 0);
}

function putPair(type: u32, value: u32): void {
  putWord(type);
  putWord(value);
}

function putWord(value: u32): void {
  store<u32>(next, value);
  next += WORD;
}
