// A memory object: the pages of a file, of shared anonymous memory, of a memfd.
//
// It is what several spaces can map and what a file's reads and writes go to, so both see the same
// frames. It does not know what it belongs to: an inode or a region holds references of it, and
// `mappings` lists the ranges of user spaces that show it.
//
// Invariants
//   - Each of its frames has one reference from here, so a frame that a space maps has two at least
//     while it is here: a write fault copies it and never takes it over (space.ts).
//   - A mapping holds a reference of its object.
//   - A page at or past `size` is in no page table. The bytes of the last page that lie past `size`
//     are 0 after each truncate(); what is written there through a mapping is gone with the next.

import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { panic } from "../log/panic";
import { clearFrame, clearPart } from "./frame-contents";
import { FrameTree, NO_PAGE } from "./frame-tree";
import { allocateUserFrame, frameReferences, releaseFrame } from "./frames";
import { allocate, free } from "./heap";
import { PageTables } from "./page-tables";

/** The largest size of an object, Linux's for files on i386: indices of pages have 32 bits. */
export const LARGEST_OBJECT: u64 = (<u64>0xffffffff) << PAGE_SHIFT;

/** A range of a user space that shows pages of an object. */
@unmanaged
export class Mapping {
  start: usize = 0;
  end: usize = 0;
  /** What the range shows; null: anonymous memory of its own. */
  object: MemoryObject | null = null;
  /** The page of the object at `start`. */
  firstPage: u32 = 0;
  /** The tables that have the range's pages. */
  tables: PageTables | null = null;
  nextMapping: Mapping | null = null;
  previousMapping: Mapping | null = null;

  /** Takes the pages from `index` of the object on out of the range's tables. */
  unmapFrom(index: u32): void {
    const tables = this.tables;
    if (!tables) return;
    let start = this.start;
    if (index > this.firstPage) {
      const kept = index - this.firstPage;
      if (kept >= (this.end - start) >> PAGE_SHIFT) return;
      start += kept << PAGE_SHIFT;
    }
    tables.releaseRange(start, this.end);
  }
}

@unmanaged
export class MemoryObject extends FrameTree {
  references: u32 = 0;
  /** The ranges that show it, in no order. */
  mappings: Mapping | null = null;
  /** Bytes; to map a page at or past it is an error, SIGBUS. */
  size: u64 = 0;
  /** F_SEAL_…: what nobody may do with it any more. Whoever changes it asks first. */
  seals: u32 = 0;

  /** The frame of page `index`; a hole gets a zeroed one. 0: out of memory. */
  ensureFrame(index: u32): u32 {
    const present = this.frame(index);
    if (present !== 0) return present;
    const frame = allocateUserFrame();
    if (frame === 0) return 0;
    clearFrame(frame, 0);
    if (this.putFrame(index, frame)) return frame;
    releaseFrame(frame);
    return 0;
  }

  /**
   * Makes `frame` the one of page `index`, which must be a hole; its reference passes to the
   * object. False: out of memory, and the reference stays with the caller.
   */
  insertFrame(index: u32, frame: u32): bool {
    if (this.frame(index) !== 0) panic(cstr("memory-object: the page has a frame"));
    return this.putFrame(index, frame);
  }

  /**
   * Sets the size, LARGEST_OBJECT at most. What lies past the smaller of both sizes is given back,
   * in the spaces that map it as well, copies included; it reads as zeros if it comes back.
   */
  truncate(size: u64): void {
    const kept = min(size, this.size);
    const firstGone = <u32>((kept + PAGE_MASK) >> PAGE_SHIFT);
    let mapping = this.mappings;
    while (mapping) {
      mapping.unmapFrom(firstGone);
      mapping = mapping.nextMapping;
    }
    this.dropFrames(firstGone);
    const tail = <u32>kept & PAGE_MASK;
    const last = tail === 0 ? 0 : this.frame(firstGone - 1);
    if (last !== 0) clearFrame(last, tail);
    this.size = size;
  }

  /**
   * Makes the bytes from `start` to `end` read as zeros, also where they are mapped. The size
   * stays.
   * Whole pages that nobody else refers to are given back, others keep their frame.
   */
  zero(start: u64, end: u64): void {
    const last = min(end, (<u64>NO_PAGE) << PAGE_SHIFT);
    let page = start < last ? this.nextPage(<u32>(start >> PAGE_SHIFT)) : NO_PAGE;
    while (page << PAGE_SHIFT < last && page !== NO_PAGE) {
      const base = page << PAGE_SHIFT;
      const from = max(start, base) - base;
      const to = min(last - base, PAGE_SIZE);
      const frame = this.frame(<u32>page);
      const isWhole = to - from === <u64>PAGE_SIZE;
      if (isWhole && frameReferences(frame) === 1) this.dropFrame(<u32>page);
      else clearPart(frame, <u32>from, <u32>to);
      page = page + 1 === NO_PAGE ? NO_PAGE : this.nextPage(<u32>(page + 1));
    }
  }

  retain(): void {
    this.references++;
  }

  /** The last reference frees the object and its frames. */
  release(): void {
    this.references--;
    if (this.references !== 0) return;
    this.dropFrames(0);
    free(changetype<usize>(this));
  }

  /** Makes `mapping` show the object, from page `firstPage` on, and gives it a reference. */
  addMapping(mapping: Mapping, firstPage: u32): void {
    const first = this.mappings;
    mapping.object = this;
    mapping.firstPage = firstPage;
    mapping.previousMapping = null;
    mapping.nextMapping = first;
    if (first) first.previousMapping = mapping;
    this.mappings = mapping;
    this.retain();
  }

  /** Ends what addMapping() began. The pages in the mapping's tables are the caller's business. */
  removeMapping(mapping: Mapping): void {
    const next = mapping.nextMapping;
    const previous = mapping.previousMapping;
    if (next) next.previousMapping = previous;
    if (previous) previous.nextMapping = next;
    else this.mappings = next;
    mapping.object = null;
    this.release();
  }
}

/** An object of size 0 with one reference, or null when out of memory. */
export function createMemoryObject(): MemoryObject | null {
  const object = changetype<MemoryObject | null>(allocate(offsetof<MemoryObject>()));
  if (object) object.references = 1;
  return object;
}
