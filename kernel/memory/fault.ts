// What happens when a page is due: the page tables refused an access that the region allows.
//
//                      anonymous                     an object's
//   read               the frame of zeros            the object's frame, read-only if a file's
//   write, shared                                    the object's frame, writable
//   write, private     a frame of its own            a copy of the object's frame
//   write to what is   a copy; or the same frame, made writable, if nothing else refers to it
//     there, private
//
// Whether a page may be written to follows from region and references alone, so it stays right
// whatever fork, mprotect and mremap did in between. Pages of an object are mapped sixteen at a
// time, as far as the object has them: programs read on.
//
// Files lie in memory, so nothing here sleeps.

import { EFAULT, EIO, ENOMEM } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import {
  ENTRY_P,
  ENTRY_RW,
  ENTRY_SIZE,
  ENTRY_US,
  FAULT_FETCH,
  FAULT_WRITE,
} from "../../src/abi/paging";
import { entryFrame, noExecute, writeFrame } from "../machine/i686/paging";
import { clearFrame, copyOfFrame, zeroFrame } from "./frame-contents";
import { allocateUserFrame, frameReferences, releaseFrame, retainFrame } from "./frames";
import { MemoryObject } from "./memory-object";
import { REGION_EXECUTE, REGION_GROWS_DOWN, REGION_WRITE, Region } from "./region";
import { AddressSpace } from "./space";

/** Unmapped addresses that stay between a stack and what lies below it. */
export const STACK_GAP: u32 = 16 * PAGE_SIZE;

/** The low bits of a page's entry. */
export const PAGE_READABLE: u32 = ENTRY_P | ENTRY_US;
export const PAGE_WRITABLE: u32 = PAGE_READABLE | ENTRY_RW;
/** The pages that are mapped at once lie in one range of so many bytes, a power of two. */
const AROUND: u32 = 16 * PAGE_SIZE;

/**
 * Resolves an access that the page tables refused; `errorCode` as in a page fault (FAULT_WRITE,
 * FAULT_FETCH). 0: the access may be tried again. -EFAULT: it is forbidden. -EIO: the object has no
 * such page. -ENOMEM.
 */
export function resolveFault(space: AddressSpace, address: usize, errorCode: u32): i32 {
  if (address < PAGE_SIZE || address >= USER_END) return -EFAULT;
  const region = space.findRegion(address) || growStack(space, address);
  if (!region) return -EFAULT;
  const rights = region.rights;
  const writes = (errorCode & FAULT_WRITE) !== 0;
  if (writes && (rights & REGION_WRITE) === 0) return -EFAULT;
  if ((errorCode & FAULT_FETCH) !== 0 && (rights & REGION_EXECUTE) === 0) return -EFAULT;
  if (rights === 0) return -EFAULT;
  const pte = space.entry(address);
  const low = pte === 0 ? 0 : load<u32>(pte);
  if (low === 0) return mapPage(space, region, address, writes);
  if (writes && (low & ENTRY_RW) === 0) return allowWrite(region, pte, low);
  // The entry allows what the processor refused. No translation is stale here, so trying again
  // would fault for ever. (QEMU 7 reads the stack of a far return in ring 3 as if it were the
  // kernel's, and with SMAP refuses.)
  return -EFAULT;
}

function growStack(space: AddressSpace, address: usize): Region | null {
  const regions = space.regions;
  const index = regions.firstEndingAfter(address);
  if (index === regions.count) return null;
  const stack = regions.at(index);
  if ((stack.flags & REGION_GROWS_DOWN) === 0) return null;
  const start = address & ~PAGE_MASK;
  if (stack.end - start > space.stackLimit) return null;
  // `start` is not below the end of the region before; a sum could wrap at 4 GiB.
  if (index !== 0 && start - regions.at(index - 1).end < STACK_GAP) return null;
  stack.start = start;
  return stack;
}

/** Maps the page of `address`, where nothing is yet. */
function mapPage(space: AddressSpace, region: Region, address: usize, writes: bool): i32 {
  const object = region.object;
  if (object) return mapObjectPage(space, region, object, address, writes);
  if (!writes) {
    const zeros = zeroFrame();
    if (zeros === 0) return -ENOMEM;
    retainFrame(zeros);
    return insertPage(space, region, address, zeros, PAGE_READABLE);
  }
  const frame = allocateUserFrame();
  if (frame === 0) return -ENOMEM;
  clearFrame(frame, 0);
  return insertPage(space, region, address, frame, PAGE_WRITABLE);
}

function mapObjectPage(
  space: AddressSpace,
  region: Region,
  object: MemoryObject,
  address: usize,
  writes: bool,
): i32 {
  const index = region.pageAt(address);
  if ((<u64>index) << PAGE_SHIFT >= object.size) return -EIO;
  const frame = object.ensureFrame(index);
  if (frame === 0) return object.isFull ? -EIO : -ENOMEM;
  if (writes && !region.isShared) {
    const copy = copyOfFrame(frame);
    return copy === 0 ? -ENOMEM : insertPage(space, region, address, copy, PAGE_WRITABLE);
  }
  // Of a file the first write is to be seen: it changes the file's times.
  const isWritable = writes || region.file === 0;
  const rights =
    isWritable && region.isShared && (region.rights & REGION_WRITE) !== 0
      ? PAGE_WRITABLE
      : PAGE_READABLE;
  if (writes) region.noteWritten();
  retainFrame(frame);
  const result = insertPage(space, region, address, frame, rights);
  if (result === 0) mapAround(space, region, object, address, rights);
  return result;
}

/** Maps the neighbours of `address` that its object has frames for and nothing is mapped at. */
function mapAround(
  space: AddressSpace,
  region: Region,
  object: MemoryObject,
  address: usize,
  rights: u32,
): void {
  const base = address & ~(AROUND - 1);
  const start = max(region.start, base);
  // Less 1: at the end of user space a sum could wrap.
  const last = min(region.end - 1, base + AROUND - 1);
  let pte = space.entry(start);
  let index = region.pageAt(start);
  const high = highWord(region);
  for (let page = start; page <= last; page += PAGE_SIZE, pte += ENTRY_SIZE, index++) {
    if (load<u32>(pte) !== 0 || (<u64>index) << PAGE_SHIFT >= object.size) continue;
    const frame = object.frame(index);
    if (frame === 0) continue;
    retainFrame(frame);
    writeFrame(pte, frame, rights, high);
    space.residentPages++;
  }
}

/** Maps the page of `address` to `frame`, whose reference passes to the space: 0 or -ENOMEM. */
export function insertPage(
  space: AddressSpace,
  region: Region,
  address: usize,
  frame: u32,
  rights: u32,
): i32 {
  const pte = space.makeEntry(address);
  if (pte === 0) {
    releaseFrame(frame);
    return -ENOMEM;
  }
  writeFrame(pte, frame, rights, highWord(region));
  space.residentPages++;
  return 0;
}

/** Makes the page of `pte`, which is there and read-only, writable for this space. */
function allowWrite(region: Region, pte: usize, low: u32): i32 {
  const frame = entryFrame(pte);
  if (region.isShared) region.noteWritten();
  if (region.isShared || frameReferences(frame) === 1) {
    store<u32>(pte, low | ENTRY_RW);
    return 0;
  }
  const copy = copyOfFrame(frame);
  if (copy === 0) return -ENOMEM;
  writeFrame(pte, copy, (low & PAGE_MASK) | ENTRY_RW, highWord(region));
  releaseFrame(frame);
  return 0;
}

function highWord(region: Region): u32 {
  return (region.rights & REGION_EXECUTE) !== 0 ? 0 : noExecute();
}
