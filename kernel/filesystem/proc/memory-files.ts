// What /proc says of a process's memory: maps, and the counts that other files show.

import { PAGE_SHIFT } from "../../../src/abi/memory-map";
import { OpenFile } from "../../file/open-file";
import { pathText } from "../../file/path-text";
import {
  REGION_EXECUTE,
  REGION_GROWS_DOWN,
  REGION_READ,
  REGION_WRITE,
  Region,
} from "../../memory/region";
import { AddressSpace } from "../../memory/space";
import { Process } from "../../process/process";
import { currentContext } from "../../process/thread-files";
import { put, putByte, textLength } from "./text";

const MAJOR_SHIFT: u32 = 8;
const MINOR_MASK: u32 = 0xff;
/** Where names begin in a line of maps. */
const NAME_COLUMN: u32 = 49;
const DASH: u32 = 0x2d;

/** maps: a line for each region. */
export function putMaps(process: Process, _subject: u32): void {
  const space = process.space;
  if (space === null) return;
  const regions = space.regions;
  for (let i: u32 = 0; i < regions.count; i++) putRegion(space, regions.at(i));
}

function putRegion(space: AddressSpace, region: Region): void {
  const start = textLength;
  put(cstr("%08x-%08x "), region.start, region.end);
  putByte((region.rights & REGION_READ) !== 0 ? 0x72 : DASH); // r
  putByte((region.rights & REGION_WRITE) !== 0 ? 0x77 : DASH); // w
  putByte((region.rights & REGION_EXECUTE) !== 0 ? 0x78 : DASH); // x
  putByte(region.isShared ? 0x73 : 0x70); // s, p
  const offset = region.object === null ? 0 : region.firstPage << PAGE_SHIFT;
  if (region.file !== 0) putFile(changetype<OpenFile>(region.file), offset, start);
  else {
    put(cstr(" %08x 00:00 0 "), offset);
    const name = nameOf(space, region);
    if (name !== 0) putName(name, start);
  }
  putByte(0x0a);
}

function putFile(file: OpenFile, offset: u32, start: u32): void {
  const device = file.inode.fileSystem.device;
  put(cstr(" %08x %02x:%02x "), offset, device >> MAJOR_SHIFT, device & MINOR_MASK);
  put(cstr("%u "), file.inode.number);
  const entry = file.entry;
  if (entry !== null) putName(pathText(entry, currentContext().root), start);
}

/** Adds a name in its column of the line that began at `start`. */
function putName(name: usize, start: u32): void {
  // A text for which there is no memory grows no more.
  for (let column = textLength - start; column < NAME_COLUMN; column++) putByte(0x20);
  put(cstr("%s"), <u32>name);
}

/** What memory without a file is for, or 0. */
function nameOf(space: AddressSpace, region: Region): usize {
  if (region.contains(space.signalReturn)) return cstr("[sigpage]");
  if (region.object !== null) return cstr("/dev/zero (deleted)");
  if ((region.flags & REGION_GROWS_DOWN) !== 0) return cstr("[stack]");
  const isHeap = region.start < space.breakEnd && region.end > space.breakStart;
  return isHeap ? cstr("[heap]") : 0;
}

/** Pages that the space shows of files and of shared memory. */
export function countObjectPages(space: AddressSpace): u32 {
  const regions = space.regions;
  let count: u32 = 0;
  for (let i: u32 = 0; i < regions.count; i++) {
    const region = regions.at(i);
    if (region.object !== null) count += space.countResident(region.start, region.end);
  }
  return count;
}

/** The size of what can be executed, in pages. */
export function countTextPages(space: AddressSpace): u32 {
  return countWhere(space, REGION_EXECUTE, 0);
}

export function countStackPages(space: AddressSpace): u32 {
  return countWhere(space, 0, REGION_GROWS_DOWN);
}

/** The pages of the regions that have those rights and flags. */
function countWhere(space: AddressSpace, rights: u32, flags: u32): u32 {
  const regions = space.regions;
  let pages: u32 = 0;
  for (let i: u32 = 0; i < regions.count; i++) {
    const region = regions.at(i);
    if ((region.rights & rights) !== rights || (region.flags & flags) !== flags) continue;
    pages += <u32>(region.end - region.start) >> PAGE_SHIFT;
  }
  return pages;
}
