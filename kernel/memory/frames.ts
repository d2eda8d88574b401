// Physical memory, in frames of 4 KiB.
//
// The list of frames lies right after the kernel image, in the identity map: one record for each
// frame of the machine, from frame 0 to the last one of RAM. Memory above 4 GiB is not used.
//
//      record   0  link        free frame: index of the next free frame, 0: none
//                              page table of a process: its kernel address
//                              page table of the kernel: how many of its entries are present
//               4  references  0: free; RESERVED: never allocated; else how many mappings share it
//
// Invariants
//   - INFO_FREE_FRAMES of kernel_info is the length of the list that starts at `firstFree`: the
//     count lives there so that an inspector outside sees it.
//   - Frame 0 is reserved, so 0 is not a frame's address.

import { INFO_FRAME_COUNT, INFO_FRAMES, INFO_FREE_FRAMES } from "../../src/abi/kernel-info";
import { PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { panic } from "../log/panic";
import * as symbols from "../machine/i686/symbols";

const RECORD_SHIFT: u32 = 3;
const LINK: usize = 0;
const REFERENCES: usize = 4;
/** Low memory, the kernel image, this list, modules, and what is not RAM at all. */
const RESERVED: u32 = 0xffffffff;

let list: usize = 0;
let frameCount: u32 = 0;
let firstFree: u32 = 0;
let ramFrames: u32 = 0;

/** How many bytes the list of `count` frames takes. */
export function frameListSize(count: u32): u32 {
  return count << RECORD_SHIFT;
}

/** Starts the list at `address` with all of its `count` frames reserved. */
export function startFrameList(address: usize, count: u32): void {
  list = address;
  frameCount = count;
  store<u32>(symbols.kernel_info(), address, INFO_FRAMES);
  store<u32>(symbols.kernel_info(), count, INFO_FRAME_COUNT);
  for (let index: u32 = 0; index < count; index++) {
    const record = list + (index << RECORD_SHIFT);
    store<u32>(record, 0, LINK);
    store<u32>(record, RESERVED, REFERENCES);
  }
}

/** Counts [start, end) as RAM; `start` and `end` are frame indices. */
export function countRam(start: u32, end: u32): void {
  ramFrames += end - start;
}

/**
 * Frees the reserved frames [start, end), the lowest on top of the list. Boot only: ranges that
 * the firmware names twice are freed once.
 */
export function freeReserved(start: u32, end: u32): void {
  for (let index = end; index > start; ) {
    index--;
    const record = list + (index << RECORD_SHIFT);
    if (load<u32>(record, REFERENCES) !== RESERVED) continue;
    pushFree(index, record);
  }
}

/** A frame with one reference, contents unknown: its physical address, or 0 when none is left. */
export function allocateFrame(): u32 {
  const index = firstFree;
  if (index === 0) return 0;
  const record = list + (index << RECORD_SHIFT);
  firstFree = load<u32>(record, LINK);
  changeFreeCount(-1);
  store<u32>(record, 0, LINK);
  store<u32>(record, 1, REFERENCES);
  return index << PAGE_SHIFT;
}

/** One more mapping shares the frame. */
export function retainFrame(frame: u32): void {
  const record = recordOf(frame);
  store<u32>(record, load<u32>(record, REFERENCES) + 1, REFERENCES);
}

/** One mapping fewer; the last one frees the frame. */
export function releaseFrame(frame: u32): void {
  const record = recordOf(frame);
  const references = load<u32>(record, REFERENCES);
  if (references === 1) pushFree(frame >> PAGE_SHIFT, record);
  else store<u32>(record, references - 1, REFERENCES);
}

/** How many mappings share the frame. */
export function frameReferences(frame: u32): u32 {
  return load<u32>(recordOf(frame), REFERENCES);
}

/** The word that the owner of an allocated frame may keep with it; 0 after allocation. */
export function frameLink(frame: u32): u32 {
  return load<u32>(list + ((frame >> PAGE_SHIFT) << RECORD_SHIFT), LINK);
}

export function setFrameLink(frame: u32, link: u32): void {
  store<u32>(recordOf(frame), link, LINK);
}

export function freeFrameCount(): u32 {
  return load<u32>(symbols.kernel_info(), INFO_FREE_FRAMES);
}

/** RAM below 4 GiB in frames, the kernel's own included. */
export function totalFrameCount(): u32 {
  return ramFrames;
}

function changeFreeCount(change: i32): void {
  const counter = symbols.kernel_info() + INFO_FREE_FRAMES;
  store<u32>(counter, load<u32>(counter) + change);
}

function pushFree(index: u32, record: usize): void {
  store<u32>(record, firstFree, LINK);
  store<u32>(record, 0, REFERENCES);
  firstFree = index;
  changeFreeCount(1);
}

function recordOf(frame: u32): usize {
  const index = frame >> PAGE_SHIFT;
  const record = list + (index << RECORD_SHIFT);
  if (index >= frameCount || load<u32>(record, REFERENCES) - 1 >= RESERVED - 1) {
    panic(cstr("frames: not an allocated frame"));
  }
  return record;
}

if (PAGE_SIZE !== 1 << PAGE_SHIFT) ERROR("a frame is 1 << PAGE_SHIFT bytes");
