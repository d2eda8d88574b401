// Bytes of a regular file for the kernel itself: headers of programs, symbols, what the archive
// has.

import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { copyBytes } from "../machine/i686/block";
import { allocate } from "../memory/heap";
import { closeWindow, openWindow } from "../memory/window";
import { Inode } from "./inode";

/** Larger files are not copied as a whole. */
const LARGEST_COPY: u64 = 64 << 20;

/** Copies `size` bytes at `position` to kernel address `to`; how many there were. */
export function readContents(inode: Inode, position: u32, to: usize, size: u32): u32 {
  const object = inode.object;
  if (object === null || <u64>position >= object.size) return 0;
  const count = <u32>min<u64>(size, object.size - position);
  let done: u32 = 0;
  while (done < count) {
    const offset = (position + done) & PAGE_MASK;
    const part = min<u32>(count - done, PAGE_SIZE - offset);
    const frame = object.frame((position + done) >> PAGE_SHIFT);
    if (frame === 0) memory.fill(to + done, 0, part);
    else {
      const window = openWindow(frame);
      copyBytes(to + done, window + offset, part);
      closeWindow(window);
    }
    done += part;
  }
  return count;
}

/** Makes the `size` bytes at kernel address `from` the contents of a new file. False: no memory. */
export function fillContents(inode: Inode, from: usize, size: u32): bool {
  const object = inode.object!;
  for (let done: u32 = 0; done < size; done += PAGE_SIZE) {
    const frame = object.ensureFrame(done >> PAGE_SHIFT);
    if (frame === 0) return false;
    const window = openWindow(frame);
    copyBytes(window, from + done, min<u32>(size - done, PAGE_SIZE));
    closeWindow(window);
  }
  object.size = size;
  return true;
}

/**
 * A copy of the whole file in the kernel's heap, for the caller to free; 0: no memory, or empty.
 */
export function copyContents(inode: Inode): usize {
  const size = inode.size;
  if (size === 0 || size > LARGEST_COPY) return 0;
  const copy = allocate(<u32>size);
  if (copy !== 0) readContents(inode, 0, copy, <u32>size);
  return copy;
}
