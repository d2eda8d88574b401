// wasm's `memory.size` and `memory.grow`, by brk(2), counted in pages of 64 KiB.
//
//   0          USER_DATA       data end   brk                  stack
//   |   text   |  static data  |   heap   |   not mapped yet   |    |
//
// AssemblyScript's allocators begin at the end of the static data, which is where the kernel puts
// the first brk, and assume that memory is contiguous up to the size. They also assume that the
// size reaches past the static data, as it does in WebAssembly: the collector computes from the
// difference when to run first. So the first call rounds the heap up to a whole page.

import { brk } from "./system-calls";

const PAGE_SHIFT: u32 = 16;
const PAGE_MASK: u32 = 0xffff;

/** How many pages there are below the end of the heap, which is a multiple of the page size. */
export function memory_size(): i32 {
  let end = brk(0);
  if ((end & PAGE_MASK) !== 0) end = brk((end + PAGE_MASK) & ~PAGE_MASK);
  return <i32>(end >> PAGE_SHIFT);
}

/** Moves the end of the heap up by `pages`; returns the old size, or -1 if it cannot grow. */
export function memory_grow(pages: i32): i32 {
  const before = memory_size();
  const wanted = <u32>before + <u32>pages;
  if (<u32>pages > 0xffff || wanted > 0xffff) return -1;
  const end = wanted << PAGE_SHIFT;
  return pages === 0 || brk(end) >= end ? before : -1;
}
