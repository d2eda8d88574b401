// Small objects for the kernel: the allocator of every record that it keeps.
//
// A page serves objects of one size. Objects that are too large for that get pages of their own.
// Either way the first page begins with a header, so free() needs no size:
//
//   slab page    0 size       bytes of an object, a multiple of 16
//                4 firstFree  address of the first free object, 0: the slab is full
//                8 used       how many objects are allocated
//               12 next       \ slabs of this size that have a free object
//               16 previous   /
//               32 objects    32-byte objects are 32-byte aligned: a PDPT needs that
//
//   large        0 size       LARGE
//                4 count      pages
//               32 the object
//
// Invariants
//   - A slab is in its class's list exactly while it has both free and used objects; an empty slab
//     goes back to the pages at once, so that what a process took is free again when it is gone.
//   - Objects are zeroed when they are allocated.

import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { panic } from "../log/panic";
import { allocatePages, freePages } from "./pages";

@unmanaged
class Slab {
  size: u32 = 0;
  firstFree: usize = 0;
  used: u32 = 0;
  next: usize = 0;
  previous: usize = 0;
}

@unmanaged
class Large {
  size: u32 = 0;
  count: u32 = 0;
}

const HEADER: u32 = 32;
const LARGE: u32 = 0xffffffff;
const LARGEST_SMALL: u32 = 2032;
const CLASSES: u32 = 12;
/** Sizes that leave little of a page unused. */
const classSizes: usize = memory.data<u32>([
  16, 32, 64, 96, 128, 192, 256, 336, 496, 672, 1008, 2032,
]);
/** For each class, the first slab that has a free object. */
const classSlabs: usize = memory.data(CLASSES * 4, 4);

/** `size` zeroed bytes, 16-byte aligned, or 0 when out of memory. */
export function allocate(size: usize): usize {
  if (size > LARGEST_SMALL) return allocateLarge(size);
  const index = classOf(size);
  let page = load<usize>(classSlabs + (index << 2));
  if (page === 0) {
    page = addSlab(index);
    if (page === 0) return 0;
  }
  const slab = changetype<Slab>(page);
  const object = slab.firstFree;
  slab.firstFree = load<usize>(object);
  slab.used++;
  if (slab.firstFree === 0) unlinkSlab(index, slab);
  memory.fill(object, 0, slab.size);
  return object;
}

/** Gives back what allocate() returned; 0 is ignored. */
export function free(object: usize): void {
  if (object === 0) return;
  const page = object & ~PAGE_MASK;
  const slab = changetype<Slab>(page);
  if (slab.size === LARGE) {
    freePages(page, changetype<Large>(page).count);
    return;
  }
  if (slab.size === 0 || slab.used === 0 || (object - page - HEADER) % slab.size !== 0) {
    panic(cstr("heap: free of an address that is not an object"));
  }
  const index = classOf(slab.size);
  const wasFull = slab.firstFree === 0;
  store<usize>(object, slab.firstFree);
  slab.firstFree = object;
  slab.used--;
  if (wasFull) linkSlab(index, slab);
  if (slab.used === 0) {
    unlinkSlab(index, slab);
    freePages(page, 1);
  }
}

function allocateLarge(size: usize): usize {
  const end = size + HEADER;
  if (end < size) return 0;
  const count = (end + PAGE_MASK) >> PAGE_SHIFT;
  const page = allocatePages(count);
  if (page === 0) return 0;
  changetype<Large>(page).size = LARGE;
  changetype<Large>(page).count = count;
  return page + HEADER;
}

function classOf(size: usize): u32 {
  let index: u32 = 0;
  while (load<u32>(classSizes + (index << 2)) < size) index++;
  return index;
}

function addSlab(index: u32): usize {
  const page = allocatePages(1);
  if (page === 0) return 0;
  const slab = changetype<Slab>(page);
  slab.size = load<u32>(classSizes + (index << 2));
  for (let at = page + HEADER; at + slab.size <= page + PAGE_SIZE; at += slab.size) {
    store<usize>(at, slab.firstFree);
    slab.firstFree = at;
  }
  linkSlab(index, slab);
  return page;
}

function linkSlab(index: u32, slab: Slab): void {
  const head = classSlabs + (index << 2);
  const first = load<usize>(head);
  slab.previous = 0;
  slab.next = first;
  if (first !== 0) changetype<Slab>(first).previous = changetype<usize>(slab);
  store<usize>(head, changetype<usize>(slab));
}

function unlinkSlab(index: u32, slab: Slab): void {
  if (slab.previous === 0) store<usize>(classSlabs + (index << 2), slab.next);
  else changetype<Slab>(slab.previous).next = slab.next;
  if (slab.next !== 0) changetype<Slab>(slab.next).previous = slab.previous;
}

if (offsetof<Slab>() > HEADER) ERROR("the header of a slab has HEADER bytes");
