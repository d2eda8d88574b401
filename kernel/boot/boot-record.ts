// What the kernel knows of the machine that it was booted on, whatever loader brought it: RAM, the
// command line, the initramfs, the screen, ACPI's RSDP.
//
// A loader's own record lies wherever the loader found room, and the tables, which the kernel puts
// after its image, may overwrite it. So a protocol's reader (multiboot.ts, multiboot2.ts) copies
// everything here before a byte of memory is claimed, and the initramfs is moved when it is in the
// way. What makes no sense under any protocol is refused here, by checkBootRecord(). Runs
// with paging off.
//
// Invariants
//   - Ranges of RAM are whole frames, at or above 1 MiB, below 64 GiB; none overlaps or touches
//     another. There are MOST_RANGES at most: of what a loader names beyond, and of RAM beyond
//     64 GiB, lostFrames() counts the frames.

import { RSDP_SIZE } from "../../src/abi/acpi";
import { COMMAND_LINE_MAX } from "../../src/abi/command-line";
import { KERNEL, PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { panic } from "../log/panic";
import { beforePaging } from "../machine/i686/image-offset";
import { frameName } from "../memory/frames";

const MOST_RANGES: u32 = 128;
const RANGE_SHIFT: u32 = 3;
const END: usize = 4;
/** What PAE reaches on every processor that has it, in frames: 64 GiB. */
const FRAMES_END: u32 = 1 << (36 - PAGE_SHIFT);
/** What names of frames reach: a screen may lie above all RAM. */
const NAMED_END: u64 = (<u64>1) << 44;
/** Of what lies higher, nothing is noted. */
const NOTED_END: u64 = NAMED_END - PAGE_SIZE;
/** 80 by 25 characters of 8 by 16 pixels: a smaller screen is not used. */
const SCREEN_WIDTH: u32 = 640;
const SCREEN_HEIGHT: u32 = 400;
const PITCH_MAX: u32 = 0x10000;
const HEIGHT_MAX: u32 = 0x4000;

let rangeCount: u32 = 0;
let lost: u32 = 0;
/** Pairs of frame indices: first, end. */
const ranges: usize = memory.data(MOST_RANGES << RANGE_SHIFT, 4);
const commandLineText: usize = memory.data(COMMAND_LINE_MAX, 4);
let initramfsAddress: u32 = 0;
let initramfsBytes: u32 = 0;
/** The name of the frame that the screen begins in, and where it begins there. */
let screen: u32 = 0;
let screenStart: u32 = 0;
let pitch: u32 = 0;
let height: u32 = 0;
let bits: u32 = 0;
/** The positions of red, green and blue in a pixel. */
const colours: usize = memory.data(3, 4);
/** A copy of the RSDP; what the loader's has not is 0. */
const rsdp: usize = memory.data(RSDP_SIZE, 8);
let rsdpBytes: u32 = 0;

/** RAM from 1 MiB on: what a BIOS says that has no map. */
export function addUpperMemory(kib: u32): void {
  noteMemory(KERNEL, (<u64>kib) << 10, true);
}

/** Adds the whole frames of `bytes` at `base` to RAM, or takes out those that it touches. */
export function noteMemory(base: u64, bytes: u64, isRam: bool): void {
  const start = min<u64>(base, NOTED_END);
  const end = start + min<u64>(bytes, NOTED_END - start);
  if (start === end) return;
  if (isRam) addFrames(frameAt(start + PAGE_MASK), frameAt(end));
  else removeFrames(frameAt(start), frameAt(end + PAGE_MASK));
}

function frameAt(address: u64): u32 {
  return <u32>(address >> PAGE_SHIFT);
}

/** Adds those of the frames [first, end) that lie in [1 MiB, 64 GiB). */
function addFrames(first: u32, end: u32): void {
  const beyond = max<u32>(first, FRAMES_END);
  if (beyond < end) lost += end - beyond;
  first = max<u32>(first, KERNEL >> PAGE_SHIFT);
  end = min<u32>(end, FRAMES_END);
  if (first < end) joinRange(first, end);
}

/** Adds a range together with those that it overlaps or touches. */
function joinRange(first: u32, last: u32): void {
  for (let i = rangeCount; i > 0; ) {
    i--;
    if (rangeEnd(i) < first || last < rangeStart(i)) continue;
    first = min<u32>(first, rangeStart(i));
    last = max<u32>(last, rangeEnd(i));
    dropRange(i);
  }
  insertRange(rangeCount, first, last);
}

/** Takes the frames [first, last) out of RAM. */
export function removeFrames(first: u32, last: u32): void {
  for (let i = rangeCount; i > 0; ) {
    i--;
    const start = rangeStart(i);
    const limit = rangeEnd(i);
    if (limit <= first || last <= start) continue;
    if (last < limit) setRange(i, last, limit);
    else dropRange(i);
    if (start < first) insertRange(i, start, first);
  }
}

function setRange(index: u32, first: u32, end: u32): void {
  store<u32>(ranges + (index << RANGE_SHIFT), first);
  store<u32>(ranges + (index << RANGE_SHIFT), end, END);
}

function dropRange(index: u32): void {
  const at = ranges + (index << RANGE_SHIFT);
  rangeCount--;
  memory.copy(at, at + (1 << RANGE_SHIFT), (rangeCount - index) << RANGE_SHIFT);
}

/** Puts a range before range `index`, if there is room. */
function insertRange(index: u32, first: u32, end: u32): void {
  if (rangeCount === MOST_RANGES) {
    lost += end - first;
    return;
  }
  const at = ranges + (index << RANGE_SHIFT);
  memory.copy(at + (1 << RANGE_SHIFT), at, (rangeCount - index) << RANGE_SHIFT);
  rangeCount++;
  setRange(index, first, end);
}

/** Copies the NUL-terminated command line at `from`, cut off after `most` bytes. */
export function setCommandLine(from: usize, most: u32 = COMMAND_LINE_MAX): void {
  const limit = min<u32>(most, COMMAND_LINE_MAX - 1);
  for (let i: u32 = 0; i < limit; i++) {
    const byte = load<u8>(from + i);
    store<u8>(commandLineText + i, byte);
    if (byte === 0) return;
  }
  store<u8>(commandLineText + limit, 0);
}

/** Says where the loader put the initramfs: [start, end). */
export function setInitramfs(start: u32, end: u32): void {
  if (end < start) panic(cstr("boot-record: the module ends before it begins"));
  initramfsAddress = start;
  initramfsBytes = end - start;
}

/** Ends the boot if what the loader said makes no sense. After all of it was said. */
export function checkBootRecord(): void {
  if (rangeCount === 0) panic(cstr("boot-record: the loader names no memory"));
  if (initramfsBytes === 0) return;
  // RAM may end within a frame, which does not count.
  if ((initramfsAddress + (initramfsBytes - 1)) >> PAGE_SHIFT > lastFrame()) {
    panic(cstr("boot-record: the module is not in memory"));
  }
}

/**
 * Says that the loader left a screen of pixels. One that is too small, that has
 * not 24 or 32 bits a pixel, or whose memory ends where no frame has a name, is not used.
 */
export function setScreen(address: u64, lineBytes: u32, width: u32, lines: u32, depth: u32): void {
  if (depth !== 24 && depth !== 32) return;
  if (width < SCREEN_WIDTH || width > PITCH_MAX) return;
  if (lines < SCREEN_HEIGHT || lines > HEIGHT_MAX) return;
  if (lineBytes < width * (depth >> 3) || lineBytes > PITCH_MAX) return;
  if (address === 0 || address > NAMED_END - <u64>lineBytes * lines) return;
  screen = frameName(<u32>(address >> PAGE_SHIFT));
  screenStart = <u32>address & PAGE_MASK;
  pitch = lineBytes;
  height = lines;
  bits = depth;
}

/** Says which eight bits of a pixel are red, green or blue (0 to 2); others are not used. */
export function setScreenColour(colour: u32, position: u32, size: u32): void {
  if (size === 8 && position + size <= bits) store<u8>(colours + colour, position);
  else screen = 0;
}

/** Copies the RSDP at `from`; of two, the one of more bytes, which is the newer. */
export function setRsdp(from: usize, size: u32): void {
  if (size <= rsdpBytes) return;
  rsdpBytes = size;
  memory.copy(rsdp, from, min<u32>(size, RSDP_SIZE));
}

/** The loader's RSDP, unchecked; zeros if it brought none. */
export function loaderRsdp(): usize {
  return rsdp;
}

export function hasScreen(): bool {
  return screen !== 0;
}

/** The frame that the screen begins in, and how far from its start. */
export function screenFrame(): u32 {
  return screen;
}

export function screenOffset(): u32 {
  return screenStart;
}

/** Bytes of a line, how many lines, and bits of a pixel. */
export function screenPitch(): u32 {
  return pitch;
}

export function screenHeight(): u32 {
  return height;
}

export function screenBits(): u32 {
  return bits;
}

export function screenColour(colour: u32): u32 {
  return load<u8>(colours + colour);
}

/** How many frames of RAM are not used: in too many ranges, or past what can be described. */
export function lostFrames(): u32 {
  return lost;
}

/** Takes the frames from `end` on out of RAM: there is no room to describe them. */
export function limitRam(end: u32): void {
  for (let i = rangeCount; i > 0; ) {
    i--;
    if (rangeEnd(i) <= end) continue;
    const start = max<u32>(rangeStart(i), end);
    lost += rangeEnd(i) - start;
    if (start === rangeStart(i)) dropRange(i);
    else setRange(i, rangeStart(i), end);
  }
}

/** Takes a frame out of RAM, of which there must be some: how many others are below it. */
export function takeRamFrame(): u32 {
  const first = rangeStart(0);
  if (first + 1 === rangeEnd(0)) dropRange(0);
  else setRange(0, first + 1, rangeEnd(0));
  return first;
}

/** How many frames of RAM are below frame `end`. */
export function ramBelow(end: u32): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) {
    if (rangeStart(i) < end) count += min<u32>(rangeEnd(i), end) - rangeStart(i);
  }
  return count;
}

/** How many ranges of RAM there are; each is [rangeStart(i), rangeEnd(i)) in frames. */
export function memoryRangeCount(): u32 {
  return rangeCount;
}

export function rangeStart(index: u32): u32 {
  return load<u32>(ranges + (index << RANGE_SHIFT));
}

export function rangeEnd(index: u32): u32 {
  return load<u32>(ranges + (index << RANGE_SHIFT), END);
}

/** The frame after the last one of RAM. */
export function lastFrame(): u32 {
  let last: u32 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) last = max<u32>(last, rangeEnd(i));
  return last;
}

/** The kernel's command line, NUL-terminated; empty if the loader gave none. */
export function commandLine(): usize {
  return commandLineText;
}

/** Physical address of the initramfs, and its size in bytes; size 0: there is none. */
export function initramfsStart(): u32 {
  return initramfsAddress;
}

export function initramfsSize(): u32 {
  return initramfsBytes;
}

/** Moves the initramfs past [start, end), or out of low memory: what claims the memory wins. */
export function moveInitramfsPast(start: u32, end: u32): void {
  if (initramfsBytes === 0 || initramfsAddress >= end) return;
  if (initramfsAddress >= KERNEL && initramfsAddress + initramfsBytes <= start) return;
  const target = (end + PAGE_MASK) & ~PAGE_MASK;
  if (!isRam(target, initramfsBytes)) panic(cstr("boot-record: no room for the initramfs"));
  memory.copy(beforePaging(target), beforePaging(initramfsAddress), initramfsBytes);
  initramfsAddress = target;
}

/** Whether [start, start + size) is RAM throughout: a loader may name it in pieces that touch. */
export function isRam(start: usize, size: u32): bool {
  const end = <u32>((<u64>start + size + PAGE_MASK) >> PAGE_SHIFT);
  let reached = <u32>(start >> PAGE_SHIFT);
  while (reached < end) {
    const next = ramEndFrom(reached);
    if (next === reached) return false;
    reached = next;
  }
  return true;
}

/** How far RAM goes on from `frame` at least; `frame` itself if it is not RAM. */
function ramEndFrom(frame: u32): u32 {
  for (let i: u32 = 0; i < rangeCount; i++) {
    if (rangeStart(i) <= frame && frame < rangeEnd(i)) return rangeEnd(i);
  }
  return frame;
}
