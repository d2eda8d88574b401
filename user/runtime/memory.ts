// What wasm's `memory.size` and `memory.grow` are here: brk(2), counted in pages of 64 KiB.
//
//   0          USER_DATA       data end   brk                  stack
//   |   text   |  static data  |   heap   |   not mapped yet   |    |
//
// AssemblyScript's allocators begin at the end of the static data, which is where the kernel puts
// the first brk, and take the memory to be contiguous up to the size. A size is rounded down: what
// is mapped of the last 64 KiB is not counted, and the next growth takes it in.

import { brk } from "./system-calls";

const PAGE_SHIFT: u32 = 16;

/** The pages that lie wholly below the end of the heap. */
export function memory_size(): i32 {
  return <i32>(brk(0) >> PAGE_SHIFT);
}

/** Moves the end of the heap up by `pages`; the size before, or -1 when that cannot be. */
export function memory_grow(pages: i32): i32 {
  const before = memory_size();
  const wanted = <u32>before + <u32>pages;
  if (<u32>pages > 0xffff || wanted > 0xffff) return -1;
  const end = wanted << PAGE_SHIFT;
  return pages == 0 || brk(end) >= end ? before : -1;
}
