// Claims the machine's memory: the order in which frames, tables and heap come into being.
//
//   kernel image | frame list | boot tables | (initramfs, if it was in the way) | free frames …
//
// The identity map ends after the tables. See memory/frames.ts and memory/kernel-space.ts.

import { PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
import { warn } from "../log/log";
import { panic } from "../log/panic";
import { startPaging } from "../machine/i686/paging";
import * as symbols from "../machine/i686/symbols";
import { countRam, frameListSize, freeReserved, startFrameList } from "../memory/frames";
import { buildKernelSpace, identityMapEnd, kernelTablesSize } from "../memory/kernel-space";
import {
  initramfsSize,
  initramfsStart,
  isRam,
  lastFrame,
  lostFrames,
  memoryRangeCount,
  moveInitramfsPast,
  rangeEnd,
  rangeStart,
} from "./boot-record";

/** Makes the frame list and the kernel's tables after the image. Paging is off. */
export function claimMemory(hasNx: bool): void {
  const count = lastFrame();
  const list = alignPage(symbols.kernel_end());
  const tables = alignPage(list + frameListSize(count));
  const end = tables + kernelTablesSize(tables);
  if (!isRam(list, end - list)) panic(cstr("memory: no room for the list of frames"));
  moveInitramfsPast(end);
  startFrameList(list, count);
  startPaging(hasNx);
  buildKernelSpace(tables);
  freeTheRest();
}

/** Says what of the machine's RAM nobody will have. Once there is a console. */
export function reportLostMemory(): void {
  if (lostFrames() === 0) return;
  warn(cstr("memory: %u KiB of RAM in too many pieces are not used"), lostFrames() << 2);
}

/** Frees all RAM that neither the identity map nor the initramfs occupies. */
function freeTheRest(): void {
  const kernelEnd = identityMapEnd() >> PAGE_SHIFT;
  const initramfsFirst = initramfsStart() >> PAGE_SHIFT;
  const initramfsEnd = ((initramfsStart() + initramfsSize() - 1) >> PAGE_SHIFT) + 1;
  // From the top down: the lowest frame is handed out first.
  for (let i = memoryRangeCount(); i > 0; ) {
    i--;
    countRam(rangeStart(i), rangeEnd(i));
    const start = max<u32>(rangeStart(i), kernelEnd);
    const end = rangeEnd(i);
    if (initramfsSize() === 0) freeRange(start, end);
    else {
      freeRange(max<u32>(start, initramfsEnd), end);
      freeRange(start, min<u32>(end, initramfsFirst));
    }
  }
}

function freeRange(start: u32, end: u32): void {
  if (start < end) freeReserved(start, end);
}

function alignPage(address: usize): usize {
  return (address + PAGE_MASK) & ~PAGE_MASK;
}
