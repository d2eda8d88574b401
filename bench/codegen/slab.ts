// A slab allocator: pages of equal objects, a list of pages with room for each of eight sizes.

import { mix, nextRandom } from "./random";

const PAGE: u32 = 4096;
const PAGES: u32 = 512;
const CLASSES: u32 = 8;
const SLOTS: u32 = 1024;

@unmanaged
class Slab {
  next: Slab | null = null;
  previous: Slab | null = null;
  free: usize = 0;
  used: u16 = 0;
  sizeClass: u16 = 0;
}

@unmanaged
class Heap {
  freePages: Slab | null = null;
  pagesUsed: u32 = 0;
  // The first pages with room, by class, follow.

  /** The address of the head of a class's list. */
  @inline partial(sizeClass: u32): usize {
    return changetype<usize>(this) + offsetof<Heap>() + (sizeClass << 2);
  }
}

/** 16, 32, … 2048 bytes. */
function classOf(size: u32): u32 {
  return size <= 16 ? 0 : 28 - clz(size - 1);
}

function addPartial(heap: Heap, slab: Slab): void {
  const head = heap.partial(slab.sizeClass);
  const next = load<Slab | null>(head);
  slab.next = next;
  slab.previous = null;
  if (next) next.previous = slab;
  store<Slab>(head, slab);
}

function removePartial(heap: Heap, slab: Slab): void {
  const next = slab.next;
  const previous = slab.previous;
  if (next) next.previous = previous;
  if (previous) previous.next = next;
  else store<Slab | null>(heap.partial(slab.sizeClass), next);
}

function newSlab(heap: Heap, sizeClass: u32): Slab | null {
  const slab = heap.freePages;
  if (!slab) return null;
  heap.freePages = slab.next;
  heap.pagesUsed++;
  const page = changetype<usize>(slab);
  const size: u32 = 16 << sizeClass;
  let object = page + (size < 32 ? 32 : size);
  const end = page + PAGE;
  slab.free = 0;
  slab.used = 0;
  slab.sizeClass = <u16>sizeClass;
  for (; object + size <= end; object += size) {
    store<usize>(object, slab.free);
    slab.free = object;
  }
  addPartial(heap, slab);
  return slab;
}

function allocate(heap: Heap, size: u32): usize {
  const sizeClass = classOf(size);
  let slab = load<Slab | null>(heap.partial(sizeClass));
  if (!slab) {
    slab = newSlab(heap, sizeClass);
    if (!slab) return 0;
  }
  const object = slab.free;
  slab.free = load<usize>(object);
  slab.used++;
  if (!slab.free) removePartial(heap, slab);
  return object;
}

function release(heap: Heap, object: usize): void {
  const slab = changetype<Slab>(object & -PAGE);
  if (!slab.free) addPartial(heap, slab);
  store<usize>(object, slab.free);
  slab.free = object;
  if (--slab.used !== 0) return;
  removePartial(heap, slab);
  slab.next = heap.freePages;
  heap.freePages = slab;
  heap.pagesUsed--;
}

export function run(arena: usize, rounds: u32): u32 {
  const heap = changetype<Heap>(arena);
  const objects = arena + PAGE;
  let random: u32 = 4242;
  let checksum: u32 = 0;
  heap.freePages = null;
  heap.pagesUsed = 0;
  for (let i: u32 = 0; i < CLASSES; i++) store<usize>(heap.partial(i), 0);
  for (let i: u32 = 0; i < PAGES; i++) {
    const page = changetype<Slab>(arena + (i + 4) * PAGE);
    page.next = heap.freePages;
    heap.freePages = page;
  }
  for (let i: u32 = 0; i < SLOTS; i++) store<usize>(objects + (i << 2), 0);
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 8192; i++) {
      random = nextRandom(random);
      const slot = objects + (((random >> 12) & (SLOTS - 1)) << 2);
      const object = load<usize>(slot);
      if (object) {
        checksum = mix(checksum, object - arena);
        release(heap, object);
        store<usize>(slot, 0);
      } else {
        store<usize>(slot, allocate(heap, (random >> 24) * ((random >> 28) & 7) + 1));
      }
    }
    checksum = mix(checksum, heap.pagesUsed);
  }
  return checksum;
}
