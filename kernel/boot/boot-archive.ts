// The initramfs as the boot loader left it: seen read-only through the kernel's heap, and given
// back page by page while it is unpacked, so that files never take twice their memory.
//
// Law 3 follows: a frame of the archive is out of the kernel's space before anyone else can get it.

import { PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
import { freeReserved } from "../memory/frames";
import { mapPhysical, unmapPhysical } from "../memory/pages";
import { initramfsSize, initramfsStart } from "./boot-record";

/** Fewer pages than these are not given back before the end. */
const BATCH: u32 = 16;

let archive: usize = 0;
/** The first page that is still mapped, and the end of all pages: kernel addresses. */
let nextPage: usize = 0;
let pagesEnd: usize = 0;
let nextFrame: u32 = 0;

/** Makes the archive visible: its address, or 0 when out of memory. */
export function openArchive(): usize {
  archive = mapPhysical(initramfsStart(), initramfsSize(), 0);
  if (archive === 0) return 0;
  nextPage = archive & ~PAGE_MASK;
  pagesEnd = (archive + initramfsSize() + PAGE_MASK) & ~PAGE_MASK;
  nextFrame = initramfsStart() >> PAGE_SHIFT;
  return archive;
}

/** What lies before `offset` is not needed any more. */
export function passArchive(offset: u32): void {
  const page = (archive + offset) & ~PAGE_MASK;
  if (page - nextPage >= BATCH << PAGE_SHIFT) giveBackTo(page);
}

/** The archive is not needed any more. */
export function closeArchive(): void {
  giveBackTo(pagesEnd);
}

function giveBackTo(end: usize): void {
  const count = <u32>(end - nextPage) >> PAGE_SHIFT;
  if (count === 0) return;
  unmapPhysical(nextPage, count);
  freeReserved(nextFrame, nextFrame + count);
  nextPage = end;
  nextFrame += count;
}
