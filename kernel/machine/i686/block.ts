// Copies and fills of memory: many bytes by sixteen at a time, where the processor can.
//
// Compiled code uses `rep movs` and `rep stos`, which take an iteration for four bytes. That is as
// good for a few; a page is a third faster to copy and three times faster to fill by the XMM
// registers (block.asm.ts), even though these belong to a thread and are saved meanwhile.

import { hasFloatingPoint } from "./floating-point";

declare function copy_blocks(to: usize, from: usize, size: u32): void;
declare function clear_blocks(at: usize, size: u32): void;

/** Bytes of a block, as block.asm.ts knows. */
const BLOCK: u32 = 128;
/** Fewer blocks than two are not worth the registers' way to the stack. */
const FEW: u32 = 2 * BLOCK;

/** Copies `size` bytes between ranges that do not overlap. */
export function copyBytes(to: usize, from: usize, size: u32): void {
  if (size >= FEW && hasFloatingPoint()) copyMany(to, from, size);
  else memory.copy(to, from, size);
}

/** Sets `size` bytes to 0. */
export function clearBytes(at: usize, size: u32): void {
  if (size >= FEW && hasFloatingPoint()) clearMany(at, size);
  else memory.fill(at, 0, size);
}

function copyMany(to: usize, from: usize, size: u32): void {
  const whole = size & ~(BLOCK - 1);
  copy_blocks(to, from, whole);
  if (whole !== size) memory.copy(to + whole, from + whole, size - whole);
}

function clearMany(at: usize, size: u32): void {
  const whole = size & ~(BLOCK - 1);
  clear_blocks(at, whole);
  if (whole !== size) memory.fill(at + whole, 0, size - whole);
}
