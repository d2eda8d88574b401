// The kernel heap's address range, in pages: everything above the list of frames.
//
//   | free ranges | heap …            ->  PAGE_TABLES, PAGE_TABLES_END ->  … heap |  WINDOWS
//   heap start
//
// Free addresses are an array of ranges in ascending order, which never touch; an allocation takes
// the first range that is large enough (first fit keeps the heap low and its page tables few). Each
// page gets a frame of its own, so kernel memory never needs physically contiguous frames.
//
//   a range    0  start   address of the first page
//              4  count   pages
//
// The array lies in pages of its own at the start of the range: they are mapped as it grows and
// given back as it shrinks, so this file needs no other allocator.
//
// Invariants
//   - A page of the range is mapped exactly while it is allocated; guard pages never are.
//   - Freed pages give their frames back at once.
//   - The array has ceil(rangeCount / RANGES_PER_PAGE) pages, and at least one.

import {
  PAGE_MASK,
  PAGE_SHIFT,
  PAGE_SIZE,
  PAGE_TABLES,
  PAGE_TABLES_END,
  WINDOWS,
} from "../../src/abi/memory-map";
import { ENTRY_RW } from "../../src/abi/paging";
import { panic } from "../log/panic";
import { clearBytes } from "../machine/i686/block";
import { allocateFrame, frameIndex, frameName, releaseFrame } from "./frames";
import { heapStart, mapKernelPage, unmapKernelPage } from "./kernel-space";

/** Kernel stacks: two pages, with an unmapped guard page below. */
export const KERNEL_STACK_SIZE: u32 = 2 * PAGE_SIZE;

const RANGE_SIZE: u32 = 8;
const COUNT: usize = 4;
const RANGES_PER_PAGE: u32 = PAGE_SIZE / RANGE_SIZE;
/** Address space for the array: free ranges beyond 32,768 would be lost, not mixed up. */
const MOST_ARRAY_PAGES: u32 = 64;

let ranges: usize = 0;
let rangeCount: u32 = 0;

/** Opens the heap's range after the list of frames. Panics if there is no frame for its array. */
export function startPages(): void {
  ranges = heapStart();
  rangeCount = 0;
  if (!backWithFrames(ranges, 1)) panic(cstr("pages: no frame for the free ranges"));
  const heap = ranges + (MOST_ARRAY_PAGES << PAGE_SHIFT);
  addRange(heap, (PAGE_TABLES - heap) >> PAGE_SHIFT);
  addRange(PAGE_TABLES_END, (WINDOWS - PAGE_TABLES_END) >> PAGE_SHIFT);
}

/**
 * `count` pages with frames of their own, zeroed, writable, not executable: the address of the
 * first, or 0 when frames run out.
 */
export function allocatePages(count: u32): usize {
  const start = takeRange(count);
  if (start === 0) return 0;
  if (backWithFrames(start, count)) return start;
  addRange(start, count);
  return 0;
}

/** Gives back what allocatePages(count) returned. */
export function freePages(start: usize, count: u32): void {
  removeFrames(start, count);
  addRange(start, count);
}

/** The lowest address of KERNEL_STACK_SIZE bytes; the page below is unmapped. 0: out of memory. */
export function allocateStack(): usize {
  const count = KERNEL_STACK_SIZE >> PAGE_SHIFT;
  const guard = takeRange(count + 1);
  if (guard === 0) return 0;
  if (backWithFrames(guard + PAGE_SIZE, count)) return guard + PAGE_SIZE;
  addRange(guard, count + 1);
  return 0;
}

/** Gives back what allocateStack() returned. */
export function freeStack(stack: usize): void {
  const count = KERNEL_STACK_SIZE >> PAGE_SHIFT;
  removeFrames(stack, count);
  addRange(stack - PAGE_SIZE, count + 1);
}

/**
 * Maps physical memory below 4 GiB that is reserved (a module, a device) into the heap's range: the
 * address that stands for `physical`, or 0 when out of memory. `flags` is ENTRY_RW or 0.
 */
export function mapPhysical(physical: u32, size: u32, flags: u32): usize {
  const offset = physical & PAGE_MASK;
  const start = mapFrames(physical - offset, (offset + size + PAGE_MASK) >> PAGE_SHIFT, flags);
  return start === 0 ? 0 : start + offset;
}

/** The same for `count` frames anywhere, from the one of that name on. */
export function mapFrames(frame: u32, count: u32, flags: u32): usize {
  const start = takeRange(count);
  if (start === 0) return 0;
  const index = frameIndex(frame);
  for (let i: u32 = 0; i < count; i++) {
    const name = frameName(index + i);
    if (!mapKernelPage(start + (i << PAGE_SHIFT), name, flags)) {
      while (i > 0) unmapKernelPage(start + (--i << PAGE_SHIFT));
      addRange(start, count);
      return 0;
    }
  }
  return start;
}

/** Ends the view of `count` pages that mapPhysical() gave; the frames stay reserved. */
export function unmapPhysical(start: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) unmapKernelPage(start + (i << PAGE_SHIFT));
  addRange(start, count);
}

function backWithFrames(start: usize, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const page = start + (i << PAGE_SHIFT);
    const frame = allocateFrame();
    if (frame !== 0 && mapKernelPage(page, frame, ENTRY_RW)) {
      clearBytes(page, PAGE_SIZE);
      continue;
    }
    if (frame !== 0) releaseFrame(frame);
    removeFrames(start, i);
    return false;
  }
  return true;
}

function removeFrames(start: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) releaseFrame(unmapKernelPage(start + (i << PAGE_SHIFT)));
}

/** Takes `count` pages of address space from the first range that has them; 0: none has. */
function takeRange(count: u32): usize {
  for (let index: u32 = 0; index < rangeCount; index++) {
    const free = freeCount(index);
    if (free < count) continue;
    const start = rangeStart(index);
    if (free === count) removeRange(index);
    else setRange(index, start + (count << PAGE_SHIFT), free - count);
    return start;
  }
  return 0;
}

/** Adds free address space, joined with the neighbours that it touches. */
function addRange(start: usize, count: u32): void {
  const end = start + (count << PAGE_SHIFT);
  const after = firstRangeFrom(start);
  if (after < rangeCount && rangeStart(after) < end) panic(cstr("pages: freed twice"));
  if (after > 0 && rangeEnd(after - 1) > start) panic(cstr("pages: freed twice"));

  const joinsAfter = after < rangeCount && rangeStart(after) === end;
  if (after > 0 && rangeEnd(after - 1) === start) {
    const joined = freeCount(after - 1) + count + (joinsAfter ? freeCount(after) : 0);
    setRange(after - 1, rangeStart(after - 1), joined);
    if (joinsAfter) removeRange(after);
  } else if (joinsAfter) setRange(after, start, count + freeCount(after));
  else insertRange(after, start, count);
}

/** The index of the first range that starts at `address` or above; `rangeCount`: none does. */
function firstRangeFrom(address: usize): u32 {
  let low: u32 = 0;
  let high = rangeCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rangeStart(middle) < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insertRange(index: u32, start: usize, count: u32): void {
  // A machine that is out of memory to the last frame, or has more free ranges than the array can
  // hold, loses address space, which it has in plenty, not memory: the frames are free already.
  if (rangeCount !== 0 && rangeCount % RANGES_PER_PAGE === 0 && !growArray()) return;
  const at = ranges + index * RANGE_SIZE;
  memory.copy(at + RANGE_SIZE, at, (rangeCount - index) * RANGE_SIZE);
  rangeCount++;
  setRange(index, start, count);
}

function removeRange(index: u32): void {
  rangeCount--;
  const at = ranges + index * RANGE_SIZE;
  memory.copy(at, at + RANGE_SIZE, (rangeCount - index) * RANGE_SIZE);
  if (rangeCount !== 0 && rangeCount % RANGES_PER_PAGE === 0) {
    removeFrames(ranges + rangeCount * RANGE_SIZE, 1);
  }
}

function growArray(): bool {
  if (rangeCount === MOST_ARRAY_PAGES * RANGES_PER_PAGE) return false;
  return backWithFrames(ranges + rangeCount * RANGE_SIZE, 1);
}

function rangeStart(index: u32): usize {
  return load<usize>(ranges + index * RANGE_SIZE);
}

function freeCount(index: u32): u32 {
  return load<u32>(ranges + index * RANGE_SIZE, COUNT);
}

function rangeEnd(index: u32): usize {
  return rangeStart(index) + (freeCount(index) << PAGE_SHIFT);
}

function setRange(index: u32, start: usize, count: u32): void {
  store<usize>(ranges + index * RANGE_SIZE, start);
  store<u32>(ranges + index * RANGE_SIZE, count, COUNT);
}
