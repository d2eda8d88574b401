// Claims the machine's memory: the order in which frames, tables and heap come into being.
//
//   kernel image | boot tables | (initramfs, if it was in the way) | free frames …
//
// The image and the tables are in one piece, which ends the identity map; all of that is higher in
// physical memory if the loader has moved the image (image-offset.ts). The list of frames is in one
// piece in the kernel's space alone: its frames are the first of RAM that nothing else has, in as
// many runs as there are. What is claimed leaves the boot record's RAM; what is left there at last
// is free. See memory/frames.ts and memory/kernel-space.ts.

import { KERNEL, PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { warn } from "../log/log";
import { panic } from "../log/panic";
import { imageOffset } from "../machine/i686/image-offset";
import { startPaging } from "../machine/i686/paging";
import * as symbols from "../machine/i686/symbols";
import { countRam, frameListSize, frameName, freeReserved, startFrameList } from "../memory/frames";
import {
  buildKernelSpace,
  FIRST_TABLES_SIZE,
  firstTables,
  identityMapEnd,
  kernelTablesSize,
  mapFrameListPage,
} from "../memory/kernel-space";
import {
  initramfsSize,
  initramfsStart,
  isRam,
  lastFrame,
  limitRam,
  lostFrames,
  memoryRangeCount,
  moveInitramfsPast,
  noteMemory,
  ramBelow,
  rangeEnd,
  rangeStart,
  removeFrames,
  takeRamFrame,
} from "./boot-record";

/** How many frames the list describes. */
let frameCount: u32 = 0;

/**
 * Makes the kernel's tables after the image, and finds room for the list of frames; returns what
 * CR3 is to hold first, which kernel-space.ts explains. Paging is off.
 */
export function claimMemory(hasNx: bool): u32 {
  const tables = (symbols.kernel_end() + PAGE_MASK) & ~PAGE_MASK;
  const offset = imageOffset();
  const start = KERNEL + offset;
  // Only needed until paging is on, so it stays free.
  const scratch: u32 = offset === 0 ? 0 : FIRST_TABLES_SIZE;
  let count = lastFrame();
  while (!isEnough(count, tables, scratch)) {
    // Frames that the list has no room for are not used, but it must have itself.
    count -= (count >> 6) + 1;
    if (count <= (tables + offset) >> PAGE_SHIFT)
      panic(cstr("memory: no room for the list of frames and the initramfs"));
  }
  frameCount = count;
  limitRam(count);
  countRam(0, ramBelow(count));
  const list = frameListSize(count);
  startPaging(hasNx);
  const end = tables + kernelTablesSize(tables, list) + offset;
  moveInitramfsPast(start, end + scratch);
  buildKernelSpace(tables, list);
  removeFrames(start >> PAGE_SHIFT, end >> PAGE_SHIFT);
  noteMemory(initramfsStart(), initramfsSize(), false);
  for (let at: u32 = 0; at < list; at += PAGE_SIZE) mapFrameListPage(at, frameName(takeRamFrame()));
  return firstTables(identityMapEnd());
}

/** Whether `count` frames can be described: there is room for the tables, and for the list. */
function isEnough(count: u32, tables: usize, scratch: u32): bool {
  const list = frameListSize(count);
  const size = kernelTablesSize(tables, list);
  if (!isRam(tables + imageOffset(), size + scratch)) return false;
  // Each is less than a GiB, but an initramfs, which is RAM.
  const claimed = tables + size - KERNEL + list;
  return (claimed >> PAGE_SHIFT) + (initramfsSize() >> PAGE_SHIFT) + 1 < ramBelow(count);
}

/** Starts the list, and frees all RAM that nothing has claimed. Paging is on. */
export function startFrames(): void {
  startFrameList(identityMapEnd(), frameCount);
  // From the top down: the lowest frame is handed out first.
  for (let i = memoryRangeCount(); i > 0; ) {
    i--;
    freeReserved(rangeStart(i), rangeEnd(i));
  }
}

/** Says what of the machine's RAM nobody will have. Once there is a console. */
export function reportLostMemory(): void {
  if (lostFrames() === 0) return;
  warn(cstr("memory: %u KiB of RAM are not used"), lostFrames() << 2);
}
