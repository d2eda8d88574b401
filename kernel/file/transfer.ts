// Bytes between files and users, in portions, with the counts that read(2) and write(2) promise:
// as many as went through; an error only if none did.

import { EFAULT, EINVAL } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SIZE } from "../../src/abi/memory-map";
import { copyIn, copyOut, isTransferRange, UserPointer, userAddress } from "../memory/user-memory";

/** Linux transfers no more at once: the count must fit a signed result. */
export const LARGEST_TRANSFER: u32 = 0x7ffff000;

/** A page that holds bytes on their way; no thread may block while it is in use. */
export const bounce: usize = memory.data(PAGE_SIZE, PAGE_SIZE);

/**
 * What to transfer of `size` bytes at `pointer`: at most LARGEST_TRANSFER. -EFAULT if the range
 * leaves user space; -EINVAL if the size is negative as the signed number that it will be.
 */
export function transferSize(pointer: UserPointer, size: u32): i32 {
  if (!isTransferRange(userAddress(pointer), size)) return -EFAULT;
  if (<i32>size < 0) return -EINVAL;
  return <i32>min<u32>(size, LARGEST_TRANSFER);
}

/** How many of `size` bytes at `pointer` + `done` are left on the user's page. */
export function portion(pointer: UserPointer, done: u32, size: u32): u32 {
  return min<u32>(size - done, PAGE_SIZE - ((userAddress(pointer) + done) & PAGE_MASK));
}

/** Copies kernel bytes to the user page by page: how many went, or -errno if none did. */
export function sendBytes(to: UserPointer, from: usize, size: u32): i32 {
  let done: u32 = 0;
  while (done < size) {
    const part = portion(to, done, size);
    const result = copyOut(to.plus(done), from + done, part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
  }
  return <i32>done;
}

/**
 * Fetches the user's next portion into the bounce page: its size, or -errno. `done` of `size` bytes
 * at `from` were fetched before.
 */
export function fetchPortion(from: UserPointer, done: u32, size: u32): i32 {
  const part = portion(from, done, size);
  const result = copyIn(from.plus(done), bounce, part);
  return result !== 0 ? result : <i32>part;
}
