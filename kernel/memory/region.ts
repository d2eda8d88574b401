// Regions: which addresses of a user space mean something, and what.
//
// A region is a page-aligned range with one set of rights. Its pages come from a memory object (a
// file, shared memory) or, without one, begin as zeros; they get frames when they are first touched
// (fault.ts). What a space does with its regions is in region-list.ts, map-range.ts and the files
// beside it.
//
// Invariant: a region holds a reference of its object (memory-object.ts) and of the open file that
// it was mapped from. This floor does not know files: it counts them by registered functions.

import { PAGE_SHIFT } from "../../src/abi/memory-map";
import { allocate, free } from "./heap";
import { Mapping, MemoryObject } from "./memory-object";
import { PageTables } from "./page-tables";

/** Rights: the numbers of PROT_READ, PROT_WRITE and PROT_EXEC. Any of them allows reading. */
export const REGION_READ: u32 = 1;
export const REGION_WRITE: u32 = 2;
export const REGION_EXECUTE: u32 = 4;

/** What is written is seen by all that map the object; without it the writer gets a copy. */
export const REGION_SHARED: u32 = 1;
/** A stack: grows down by itself when a page below it is touched. */
export const REGION_GROWS_DOWN: u32 = 2;
/** Must not become writable: shared, and the file is not open for writing. */
export const REGION_READ_ONLY: u32 = 4;
/** A fork leaves it out. */
export const REGION_NOT_INHERITED: u32 = 8;
/** A fork inherits it without its contents. */
export const REGION_WIPED: u32 = 16;
/** mlock(2): see lock-range.ts. A fork does not inherit it. */
export const REGION_LOCKED: u32 = 32;
/** Must not become executable: the file is seen where no program is run. */
export const REGION_NOT_EXECUTED: u32 = 64;

/** Whether `object` can be written to by way of a region, now or once its rights are changed. */
export function hasSharedWriter(object: MemoryObject): bool {
  let mapping = object.mappings;
  while (mapping) {
    const flags = changetype<Region>(mapping).flags;
    if ((flags & (REGION_SHARED | REGION_READ_ONLY)) === REGION_SHARED) return true;
    mapping = mapping.nextMapping;
  }
  return false;
}

@unmanaged
export class Region extends Mapping {
  rights: u32 = 0;
  flags: u32 = 0;
  /** The open file that it shows, 0: none. */
  file: usize = 0;

  contains(address: usize): bool {
    return address - this.start < this.end - this.start;
  }

  get isShared(): bool {
    return (this.flags & REGION_SHARED) !== 0;
  }

  /** The page of the object at `address`; without an object a number that means nothing. */
  pageAt(address: usize): u32 {
    return this.firstPage + <u32>((address - this.start) >> PAGE_SHIFT);
  }

  /** Makes the region, which has no object yet, show `object` from page `firstPage` on. */
  show(object: MemoryObject | null, firstPage: u32, file: usize): void {
    if (object) object.addMapping(this, firstPage);
    this.file = file;
    if (file !== 0) call_indirect<void>(retainFile, file);
  }

  /** A page of the file that it shows is written to by way of this region. */
  noteWritten(): void {
    if (this.file !== 0) call_indirect<void>(noteWrittenFile, this.file);
  }

  /** Whether the region after this one says the same of the addresses that follow. */
  continuesWith(next: Region): bool {
    if (this.end !== next.start || this.rights !== next.rights) return false;
    if (this.flags !== next.flags || this.file !== next.file) return false;
    if (this.object !== next.object) return false;
    return !this.object || this.pageAt(this.end) === next.firstPage;
  }

  /** Frees the record, and its references of object and file. */
  release(): void {
    const object = this.object;
    if (object) object.removeMapping(this);
    if (this.file !== 0) call_indirect<void>(releaseFile, this.file);
    free(changetype<usize>(this));
  }
}

let retainFile: u32 = 0;
let releaseFile: u32 = 0;
let noteWrittenFile: u32 = 0;

/**
 * Says how open files are counted, and told that they are written to: indices of functions of a
 * file's address.
 */
export function onMappedFile(retain: u32, release: u32, noteWritten: u32): void {
  retainFile = retain;
  releaseFile = release;
  noteWrittenFile = noteWritten;
}

/** A region of a space with `tables` that shows no object, or null when out of memory. */
export function createRegion(
  tables: PageTables,
  start: usize,
  end: usize,
  rights: u32,
  flags: u32,
): Region | null {
  const region = changetype<Region | null>(allocate(offsetof<Region>()));
  if (!region) return null;
  region.tables = tables;
  region.start = start;
  region.end = end;
  region.rights = rights;
  region.flags = flags;
  return region;
}

/** A region, of another space perhaps, that shows what [start, end) of `region` does. */
export function copyRegion(
  region: Region,
  tables: PageTables,
  start: usize,
  end: usize,
): Region | null {
  const copy = createRegion(tables, start, end, region.rights, region.flags);
  if (copy) copy.show(region.object, region.pageAt(start), region.file);
  return copy;
}
