// Physical memory, in frames of 4 KiB.
//
// The list of frames is one array in the kernel's space, after the identity map, in whatever frames
// boot has found for it: one record for each frame of the machine, from frame 0 to the last one of
// RAM that there is room to describe.
//
// A frame's name is a word: its number, rotated left by 12 bits. Below 4 GiB that is its physical
// address; above, the low 12 bits are what the high word of an entry has of it. So a name is 0 for
// no frame, and reaches 16 TiB. What the kernel maps for itself, page tables included, has frames
// below 4 GiB, as CR3 reaches no further, and a walk needs no high words; pages of processes and
// files have those above first (allocateUserFrame).
//
//      record   0  link        free frame: index of the next one of its list, 0: none
//                              page table of a process: its kernel address
//                              page table of the kernel: how many of its entries are present
//               4  references  0: free; RESERVED: never allocated; else how many mappings share it
//
// Invariants
//   - INFO_FREE_FRAMES of kernel_info is the length of the lists that start at `firstFree` (below
//     4 GiB) and `firstHigh`: the count lives there so that an inspector outside sees it.
//   - Frame 0, and each at a multiple of 4 GiB, is reserved: no name is less than PAGE_SIZE.

import {
  FRAME_RECORD_SIZE,
  FRAME_REFERENCES,
  FRAME_RESERVED,
  INFO_FRAME_COUNT,
  INFO_FRAMES,
  INFO_FREE_FRAMES,
} from "../../src/abi/kernel-info";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { panic } from "../log/panic";
import * as symbols from "../machine/i686/symbols";

const RECORD_SHIFT: u32 = 3;
/** The first frame at 4 GiB. */
const HIGH: u32 = 1 << (32 - PAGE_SHIFT);
const LINK: usize = 0;
const REFERENCES: usize = FRAME_REFERENCES;
const RESERVED: u32 = FRAME_RESERVED;

let list: usize = 0;
let frameCount: u32 = 0;
let firstFree: u32 = 0;
let firstHigh: u32 = 0;
let ramFrames: u32 = 0;

/** How many bytes the list of `count` frames takes, in whole pages. */
export function frameListSize(count: u32): u32 {
  return ((count << RECORD_SHIFT) + PAGE_MASK) & ~PAGE_MASK;
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
 * Frees the reserved frames [start, end), the lowest on top of the list, as far as they are in it.
 * Boot only: ranges that the firmware names twice are freed once.
 */
export function freeReserved(start: u32, end: u32): void {
  let top = min(end, frameCount);
  while (top > start) {
    const base = (top - 1) & ~(HIGH - 1);
    const bottom = max(start, base + 1);
    if (base === 0) firstFree = linkReserved(bottom, top, firstFree);
    else firstHigh = linkReserved(bottom, top, firstHigh);
    top = base;
  }
}

/**
 * Puts those of [bottom, top) that are reserved before `first`; what comes first then. All memory
 * passes here at boot, so a frame takes few instructions.
 */
function linkReserved(bottom: u32, top: u32, first: u32): u32 {
  const records = list;
  let next = first;
  let others = 0;
  for (let index = top; index > bottom; ) {
    index--;
    const record = records + (index << RECORD_SHIFT);
    if (load<u32>(record, REFERENCES) !== RESERVED) {
      others++;
      continue;
    }
    store<u32>(record, 0, REFERENCES);
    store<u32>(record, next, LINK);
    next = index;
  }
  changeFreeCount(top - bottom - others);
  return next;
}

/**
 * A frame below 4 GiB with one reference, contents unknown: its physical address, or 0 when none is
 * left.
 */
export function allocateFrame(): u32 {
  return takeFree(firstFree);
}

/** As allocateFrame(), but anywhere, so what is seen through windows alone: the frame's name. */
export function allocateUserFrame(): u32 {
  return takeFree(firstHigh !== 0 ? firstHigh : firstFree);
}

/** Gives the first frame of a list its first reference: its name, or 0 if there is none. */
function takeFree(index: u32): u32 {
  if (index === 0) return 0;
  const record = list + (index << RECORD_SHIFT);
  if (index < HIGH) firstFree = load<u32>(record, LINK);
  else firstHigh = load<u32>(record, LINK);
  changeFreeCount(-1);
  store<u32>(record, 0, LINK);
  store<u32>(record, 1, REFERENCES);
  return frameName(index);
}

/** The name of the frame that `index` others are below. */
export function frameName(index: u32): u32 {
  "inline";
  return rotl<u32>(index, PAGE_SHIFT);
}

/** How many frames are below the one of that name. */
export function frameIndex(frame: u32): u32 {
  "inline";
  return rotr<u32>(frame, PAGE_SHIFT);
}

/** One more mapping shares the frame. */
export function retainFrame(frame: u32): void {
  "inline";
  const record = recordOf(frame);
  store<u32>(record, load<u32>(record, REFERENCES) + 1, REFERENCES);
}

/** One mapping fewer; the last one frees the frame. */
export function releaseFrame(frame: u32): void {
  const record = recordOf(frame);
  const references = load<u32>(record, REFERENCES);
  if (references === 1) pushFree(frameIndex(frame), record);
  else store<u32>(record, references - 1, REFERENCES);
}

/** How many mappings share the frame. */
export function frameReferences(frame: u32): u32 {
  return load<u32>(recordOf(frame), REFERENCES);
}

/** The word that the owner of a frame below 4 GiB may keep with it; 0 after allocation. */
export function frameLink(frame: u32): u32 {
  return load<u32>(list + ((frame >> PAGE_SHIFT) << RECORD_SHIFT), LINK);
}

export function setFrameLink(frame: u32, link: u32): void {
  store<u32>(recordOf(frame), link, LINK);
}

export function freeFrameCount(): u32 {
  return load<u32>(symbols.kernel_info(), INFO_FREE_FRAMES);
}

/** RAM that is used, in frames, the kernel's own included. */
export function totalFrameCount(): u32 {
  return ramFrames;
}

function changeFreeCount(change: i32): void {
  "inline";
  const counter = symbols.kernel_info() + INFO_FREE_FRAMES;
  store<u32>(counter, load<u32>(counter) + change);
}

function pushFree(index: u32, record: usize): void {
  store<u32>(record, 0, REFERENCES);
  changeFreeCount(1);
  if (index < HIGH) {
    store<u32>(record, firstFree, LINK);
    firstFree = index;
  } else {
    store<u32>(record, firstHigh, LINK);
    firstHigh = index;
  }
}

function recordOf(frame: u32): usize {
  "inline";
  const index = frameIndex(frame);
  const record = list + (index << RECORD_SHIFT);
  if (index >= frameCount || load<u32>(record, REFERENCES) - 1 >= RESERVED - 1) {
    panic(cstr("frames: not an allocated frame"));
  }
  return record;
}

if (PAGE_SIZE !== 1 << PAGE_SHIFT) ERROR("a frame is 1 << PAGE_SHIFT bytes");
if (FRAME_RECORD_SIZE !== 1 << RECORD_SHIFT)
  ERROR("a record of a frame has 1 << RECORD_SHIFT bytes");
