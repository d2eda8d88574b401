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
  copyInline(to, from, size);
}

/** The same for the copies that matter most, of which many are short, or of a page. */
export function copyInline(to: usize, from: usize, size: u32): void {
  "inline";
  if (size < FEW) memory.copy(to, from, size);
  else if ((size & (BLOCK - 1)) === 0 && hasFloatingPoint()) copy_blocks(to, from, size);
  else copyMany(to, from, size);
}

/** Sets `size` bytes to 0. */
export function clearBytes(at: usize, size: u32): void {
  "inline";
  if (size < FEW) memory.fill(at, 0, size);
  else clearMany(at, size);
}

function copyMany(to: usize, from: usize, size: u32): void {
  const rest = hasFloatingPoint() ? size & (BLOCK - 1) : size;
  const whole = size - rest;
  if (whole !== 0) copy_blocks(to, from, whole);
  if (rest !== 0) memory.copy(to + whole, from + whole, rest);
}

function clearMany(at: usize, size: u32): void {
  const rest = hasFloatingPoint() ? size & (BLOCK - 1) : size;
  const whole = size - rest;
  if (whole !== 0) clear_blocks(at, whole);
  if (rest !== 0) memory.fill(at + whole, 0, rest);
}
