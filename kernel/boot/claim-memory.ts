// Claims the machine's memory: the order in which frames, tables and heap come into being.
//
//   kernel image | frame list | boot tables | (initramfs, if it was in the way) | free frames …
//
// The identity map ends after the tables. See memory/frames.ts and memory/kernel-space.ts. All that
// is claimed is higher in physical memory if the loader has moved the image (image-offset.ts).

import { KERNEL, PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
import { warn } from "../log/log";
import { panic } from "../log/panic";
import { imageOffset } from "../machine/i686/image-offset";
import { startPaging } from "../machine/i686/paging";
import * as symbols from "../machine/i686/symbols";
import { countRam, frameListSize, freeReserved, startFrameList } from "../memory/frames";
import {
  buildKernelSpace,
  FIRST_TABLES_SIZE,
  firstTables,
  identityMapEnd,
  kernelTablesSize,
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
  rangeEnd,
  rangeStart,
} from "./boot-record";

/**
 * Makes the frame list and the kernel's tables after the image; returns what CR3 is to hold first,
 * which kernel-space.ts explains. Paging is off.
 */
export function claimMemory(hasNx: bool): u32 {
  const list = alignPage(symbols.kernel_end());
  const offset = imageOffset();
  // Only needed until paging is on, so it stays free.
  const scratch: u32 = offset === 0 ? 0 : FIRST_TABLES_SIZE;
  let count = lastFrame();
  while (!isRam(list + offset, endOfTables(list, count) + scratch - list)) {
    // Frames that the list has no room for are not used, but it must have itself.
    count -= (count >> 6) + 1;
    if (count <= (list + offset) >> PAGE_SHIFT)
      panic(cstr("memory: no room for the list of frames"));
  }
  limitRam(count);
  const tables = tablesAfter(list, count);
  const end = endOfTables(list, count);
  moveInitramfsPast(KERNEL + offset, end + scratch + offset);
  startFrameList(list, count);
  startPaging(hasNx);
  buildKernelSpace(tables);
  freeTheRest();
  return firstTables(end);
}

function tablesAfter(list: usize, count: u32): usize {
  return alignPage(list + frameListSize(count));
}

/** Where what is claimed for `count` frames ends. */
function endOfTables(list: usize, count: u32): usize {
  const tables = tablesAfter(list, count);
  return tables + kernelTablesSize(tables);
}

/** Says what of the machine's RAM nobody will have. Once there is a console. */
export function reportLostMemory(): void {
  if (lostFrames() === 0) return;
  warn(cstr("memory: %u KiB of RAM are not used"), lostFrames() << 2);
}

/** Frees all RAM that neither the kernel nor the initramfs occupies. */
function freeTheRest(): void {
  const kernelFirst = (KERNEL + imageOffset()) >> PAGE_SHIFT;
  const kernelEnd = (identityMapEnd() + imageOffset()) >> PAGE_SHIFT;
  // From the top down: the lowest frame is handed out first.
  for (let i = memoryRangeCount(); i > 0; ) {
    i--;
    const start = rangeStart(i);
    const end = rangeEnd(i);
    countRam(start, end);
    freeAroundInitramfs(max<u32>(start, kernelEnd), end);
    freeAroundInitramfs(start, min<u32>(end, kernelFirst));
  }
}

function freeAroundInitramfs(start: u32, end: u32): void {
  const first = initramfsStart() >> PAGE_SHIFT;
  const after =
    initramfsSize() === 0 ? 0 : ((initramfsStart() + initramfsSize() - 1) >> PAGE_SHIFT) + 1;
  freeRange(max<u32>(start, after), end);
  freeRange(start, min<u32>(end, first));
}

function freeRange(start: u32, end: u32): void {
  if (start < end) freeReserved(start, end);
}

function alignPage(address: usize): usize {
  return (address + PAGE_MASK) & ~PAGE_MASK;
}
