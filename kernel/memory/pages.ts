// The kernel heap's address range, in pages: everything above the identity map.
//
//   heap start .. PAGE_TABLES, PAGE_TABLES_END .. WINDOWS
//
// Free address ranges form a list in ascending order without neighbours that touch; an allocation
// takes the first that is large enough (first fit keeps the heap low and its page tables few). Each
// page gets a frame of its own, so kernel memory never needs physically contiguous frames. The
// list's nodes are static or small objects of the heap, which in turn takes pages from here: taking
// address space never needs a node, only giving it back may.
//
// Invariants
//   - A page of the range is mapped exactly while it is allocated; guard pages never are.
//   - Freed pages give their frames back at once.
//   - A static node is spare only while no node of the heap is in the list.

import {
  PAGE_SHIFT,
  PAGE_SIZE,
  PAGE_TABLES,
  PAGE_TABLES_END,
  WINDOWS,
} from "../../src/abi/memory-map";
import { ENTRY_RW } from "../../src/abi/paging";
import { panic } from "../log/panic";
import { allocateFrame, releaseFrame } from "./frames";
import { allocate, free } from "./heap";
import { identityMapEnd, mapKernelPage, unmapKernelPage } from "./kernel-space";

/** Kernel stacks: two pages, with an unmapped guard page below. */
export const KERNEL_STACK_SIZE: u32 = 2 * PAGE_SIZE;

/** A free range of addresses: [start, start + count pages). */
@unmanaged
class FreeRange {
  next: usize = 0;
  start: usize = 0;
  count: u32 = 0;
}

/** Nodes that boot and most of life get by with; more come from the heap (heap.ts). */
const STATIC_NODES: u32 = 16;
const staticNodes: usize = memory.data(16 * 12, 4);

let ranges: usize = 0;
let spareNodes: usize = 0;

/** Opens the heap's range behind the identity map. */
export function startPages(): void {
  for (let i: u32 = 0; i < STATIC_NODES; i++) {
    releaseNode(staticNodes + i * offsetof<FreeRange>());
  }
  const start = identityMapEnd();
  addRange(start, (PAGE_TABLES - start) >> PAGE_SHIFT);
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

export function freeStack(stack: usize): void {
  const count = KERNEL_STACK_SIZE >> PAGE_SHIFT;
  removeFrames(stack, count);
  addRange(stack - PAGE_SIZE, count + 1);
}

/**
 * Maps physical memory that is reserved (a module, a device) into the heap's range: the address
 * that stands for `physical`, or 0 when out of memory. `flags` is ENTRY_RW or 0.
 */
export function mapPhysical(physical: u32, size: u32, flags: u32): usize {
  const offset = physical & (PAGE_SIZE - 1);
  const count = (offset + size + PAGE_SIZE - 1) >> PAGE_SHIFT;
  const start = takeRange(count);
  if (start === 0) return 0;
  for (let i: u32 = 0; i < count; i++) {
    if (!mapKernelPage(start + (i << PAGE_SHIFT), physical - offset + (i << PAGE_SHIFT), flags)) {
      while (i > 0) unmapKernelPage(start + (--i << PAGE_SHIFT));
      addRange(start, count);
      return 0;
    }
  }
  return start + offset;
}

function backWithFrames(start: usize, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const page = start + (i << PAGE_SHIFT);
    const frame = allocateFrame();
    if (frame !== 0 && mapKernelPage(page, frame, ENTRY_RW)) {
      memory.fill(page, 0, PAGE_SIZE);
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
  let before: usize = 0;
  for (let at = ranges; at !== 0; at = changetype<FreeRange>(at).next) {
    const range = changetype<FreeRange>(at);
    if (range.count >= count) {
      const start = range.start;
      range.start += count << PAGE_SHIFT;
      range.count -= count;
      if (range.count === 0) unlinkRange(before, at);
      return start;
    }
    before = at;
  }
  return 0;
}

/** Adds free address space, joined with the neighbours that it touches. */
function addRange(start: usize, count: u32): void {
  const end = start + (count << PAGE_SHIFT);
  let before: usize = 0;
  let after = ranges;
  while (after !== 0 && changetype<FreeRange>(after).start < start) {
    before = after;
    after = changetype<FreeRange>(after).next;
  }
  if (before !== 0 && rangeEnd(before) > start) panic(cstr("pages: freed twice"));
  if (after !== 0 && changetype<FreeRange>(after).start < end) panic(cstr("pages: freed twice"));

  const touchesAfter = after !== 0 && changetype<FreeRange>(after).start === end;
  if (before !== 0 && rangeEnd(before) === start) {
    changetype<FreeRange>(before).count += count;
    if (!touchesAfter) return;
    changetype<FreeRange>(before).count += changetype<FreeRange>(after).count;
    unlinkRange(before, after);
  } else if (touchesAfter) {
    changetype<FreeRange>(after).start = start;
    changetype<FreeRange>(after).count += count;
  } else {
    insertRange(start, count);
  }
}

function rangeEnd(range: usize): usize {
  return changetype<FreeRange>(range).start + (changetype<FreeRange>(range).count << PAGE_SHIFT);
}

/** Taking a node may itself take or free a page, so the place in the list is sought afterwards. */
function insertRange(start: usize, count: u32): void {
  const at = takeNode();
  // The frames of [start, end) have just been freed, so only a machine that is out of memory to
  // the last frame gets here, and it loses address space, which it has in plenty, not memory.
  if (at === 0) return;
  let before: usize = 0;
  let after = ranges;
  while (after !== 0 && changetype<FreeRange>(after).start < start) {
    before = after;
    after = changetype<FreeRange>(after).next;
  }
  const node = changetype<FreeRange>(at);
  node.next = after;
  node.start = start;
  node.count = count;
  if (before === 0) ranges = at;
  else changetype<FreeRange>(before).next = at;
}

function unlinkRange(before: usize, at: usize): void {
  const next = changetype<FreeRange>(at).next;
  if (before === 0) ranges = next;
  else changetype<FreeRange>(before).next = next;
  releaseNode(at);
}

function takeNode(): usize {
  const node = spareNodes;
  if (node === 0) return allocate(offsetof<FreeRange>());
  spareNodes = changetype<FreeRange>(node).next;
  return node;
}

/**
 * A static node that becomes free takes the place of one from the heap. Otherwise nodes would pin
 * the heap's pages that they lie in, those pages would keep free ranges apart, and these would need
 * the nodes: memory that is lost to nobody's use.
 */
function releaseNode(node: usize): void {
  if (!isStatic(node)) {
    free(node);
    return;
  }
  let before: usize = 0;
  let at = ranges;
  while (at !== 0 && isStatic(at)) {
    before = at;
    at = changetype<FreeRange>(at).next;
  }
  if (at === 0) {
    changetype<FreeRange>(node).next = spareNodes;
    spareNodes = node;
    return;
  }
  memory.copy(node, at, offsetof<FreeRange>());
  if (before === 0) ranges = node;
  else changetype<FreeRange>(before).next = node;
  free(at);
}

function isStatic(node: usize): bool {
  return node - staticNodes < STATIC_NODES * offsetof<FreeRange>();
}

if (offsetof<FreeRange>() !== 12) ERROR("staticNodes has room for nodes of 12 bytes");
