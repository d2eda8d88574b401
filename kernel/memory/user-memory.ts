// The one file that turns a user's pointer into bytes (law 6).
//
// A pointer from a user is an allegation: a number that may be 0, the kernel's, the trampoline's,
// or wrap around. Following it directly would be useless even by mistake: the same number means
// other bytes in the kernel's space. So each access walks the tables of the running thread's space
// as the processor would: every page must lie in user space, be present, and have U/S (and R/W to
// write) in its PTE and its PDE; demand-zero and copy-on-write pages are resolved first. Then the
// frame is seen through a window. Nothing here can fault in ring 0.
//
// Invariants
//   - A size of 0 succeeds with any pointer. A range that wraps or leaves user space is refused
//     before a byte is copied; a range that runs into a hole is copied up to the hole and refused.
//   - Every window is closed on return, but for that of openForWriting(), whose caller sees nothing
//     but the range that was checked, and closes it.
//   - Nobody but the running thread's own call ever lends a page: see LENT_PAGE.

import { EFAULT, ENAMETOOLONG, ENOMEM } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import { ENTRY_P, ENTRY_RW, ENTRY_US, FAULT_USER, FAULT_WRITE } from "../../src/abi/paging";
import { clearBytes, copyBytes, copyInline } from "../machine/i686/block";
import { entryFrame } from "../machine/i686/paging";
import { resolveFault } from "./fault";
import { noEntry } from "./page-tables";
import { AddressSpace, currentSpace } from "./space";
import { closeWindow, openEntry, openWindow } from "./window";

/** An address that a user program gave. It has no fields: there is nothing to dereference. */
@unmanaged
export class UserPointer {
  /** The address `offset` bytes further on, for fields of structures. */
  plus(offset: u32): UserPointer {
    return userPointer(changetype<usize>(this) + offset);
  }
}

/** The allegation that a register or a structure of the user's holds. */
export function userPointer(value: u32): UserPointer {
  return changetype<UserPointer>(<usize>value);
}

/** The number itself: to compare with 0, or to print. */
export function userAddress(pointer: UserPointer): u32 {
  return <u32>changetype<usize>(pointer);
}

/** Copies `size` bytes from the user to kernel address `to`. 0, -EFAULT or -ENOMEM. */
export function copyIn(from: UserPointer, to: usize, size: u32): i32 {
  const user = changetype<usize>(from);
  const pte = entryOfPage(user, size);
  if (!allows(pte, 0)) return atPages(currentSpace, user, to, size, Work.copyIn);
  const window = openPage(pte, user);
  copyInline(to, window, size);
  closeWindow(window);
  return 0;
}

/** Copies `size` bytes from kernel address `from` to the user. 0, -EFAULT or -ENOMEM. */
export function copyOut(to: UserPointer, from: usize, size: u32): i32 {
  const user = changetype<usize>(to);
  const pte = entryOfPage(user, size);
  if (!allows(pte, FAULT_WRITE)) return atPages(currentSpace, user, from, size, Work.copyOut);
  const window = openPage(pte, user);
  copyInline(window, from, size);
  closeWindow(window);
  return 0;
}

/**
 * For those who would copy `size` bytes in and out again at once: an address at which they can be
 * read and written until closeWindow(), if they lie on one page that the tables let the user write
 * to; otherwise 0, and nothing is said about the range.
 */
export function openForWriting(pointer: UserPointer, size: u32): usize {
  const user = changetype<usize>(pointer);
  const pte = entryOfPage(user, size);
  return allows(pte, FAULT_WRITE) ? openPage(pte, user) : 0;
}

/** As copyIn(), but from another space than the running thread's. */
export function copyInFrom(space: AddressSpace, from: UserPointer, to: usize, size: u32): i32 {
  return atPages(space, changetype<usize>(from), to, size, Work.copyIn);
}

/** As copyOut(), but into another space than the running thread's. */
export function copyOutTo(space: AddressSpace, to: UserPointer, from: usize, size: u32): i32 {
  return atPages(space, changetype<usize>(to), from, size, Work.copyOut);
}

/** As `copyIn`, to `offset` of a frame that is a file's. */
export function copyInFrame(from: UserPointer, frame: u32, offset: u32, size: u32): i32 {
  const window = openWindow(frame);
  const result = copyIn(from, window + offset, size);
  closeWindow(window);
  return result;
}

/** As `copyOut`, from `offset` of a frame that is a file's. */
export function copyOutFrame(to: UserPointer, frame: u32, offset: u32, size: u32): i32 {
  const window = openWindow(frame);
  const result = copyOut(to, window + offset, size);
  closeWindow(window);
  return result;
}

/**
 * Copies a NUL-terminated string of at most `limit` bytes, the NUL included, to `to`. Its length
 * without the NUL, or -EFAULT, -ENOMEM, -ENAMETOOLONG.
 */
export function copyInString(from: UserPointer, to: usize, limit: u32): i32 {
  let address = changetype<usize>(from);
  let length: u32 = 0;
  while (length < limit) {
    if (!isUserRange(address, 1)) return -EFAULT;
    const frame = frameFor(currentSpace, address, 0);
    if (frame < PAGE_SIZE) return -(<i32>frame);
    const part = min<u32>(limit - length, PAGE_SIZE - (address & PAGE_MASK));
    const window = openWindow(frame);
    const end = copyUntilNul(window + (address & PAGE_MASK), to + length, part);
    closeWindow(window);
    if (end < part) return length + end;
    length += part;
    address += part;
  }
  return -ENAMETOOLONG;
}

const WORD: u32 = 4;
const PAIR: u32 = 2 * WORD;

/** Reads the user's word at `pointer` into the kernel word at `out`. 0, -EFAULT or -ENOMEM. */
export function readWord(pointer: UserPointer, out: usize): i32 {
  const user = changetype<usize>(pointer);
  const pte = entryOfPage(user, WORD);
  if (!allows(pte, 0)) return copyIn(pointer, out, WORD);
  const window = openPage(pte, user);
  store<u32>(out, load<u32>(window));
  closeWindow(window);
  return 0;
}

/** Writes a word of the user's. 0, -EFAULT or -ENOMEM. */
export function writeWord(pointer: UserPointer, value: u32): i32 {
  store<u32>(wordBuffer, value);
  return copyOut(pointer, wordBuffer, WORD);
}

/** Writes two words of the user's, one after the other. 0, -EFAULT or -ENOMEM. */
export function writePair(pointer: UserPointer, first: u32, second: u32): i32 {
  const user = changetype<usize>(pointer);
  const pte = entryOfPage(user, PAIR);
  if (!allows(pte, FAULT_WRITE)) {
    store<u32>(wordBuffer, first);
    store<u32>(wordBuffer, second, WORD);
    return copyOut(pointer, wordBuffer, PAIR);
  }
  const window = openPage(pte, user);
  store<u32>(window, first);
  store<u32>(window, second, WORD);
  closeWindow(window);
  return 0;
}

/** Has the page of `pointer` be there for the user to read. 0, -EFAULT or -ENOMEM. */
export function makeReadable(pointer: UserPointer): i32 {
  const address = changetype<usize>(pointer);
  if (allows(currentSpace.findRecent(address), 0)) return 0;
  if (!isUserRange(address, 1)) return -EFAULT;
  const frame = resolvedFrame(currentSpace, address, 0);
  return frame < PAGE_SIZE ? -(<i32>frame) : 0;
}

/** Sets `size` bytes of the user's to 0. 0, -EFAULT or -ENOMEM. */
export function clearUser(to: UserPointer, size: u32): i32 {
  if (clearPart(to, size)) return 0;
  return atPages(currentSpace, changetype<usize>(to), 0, size, Work.clear);
}

/**
 * Sets `size` bytes to 0 if they lie on one page that the tables let the user write to: whether
 * they do. If not, nothing is said about the range.
 */
export function clearPart(to: UserPointer, size: u32): bool {
  "inline";
  const user = changetype<usize>(to);
  const pte = entryOfPage(user, size);
  if (!allows(pte, FAULT_WRITE)) return false;
  const window = openPage(pte, user);
  clearBytes(window, size);
  closeWindow(window);
  return true;
}

/** As clearUser(), but in a space that no thread runs in yet: for execve alone. */
export function clearUserIn(space: AddressSpace, to: UserPointer, size: u32): i32 {
  return atPages(space, changetype<usize>(to), 0, size, Work.clear);
}

/** Whether [address, address + size) lies in user space, without wrapping. */
export function isUserRange(address: usize, size: u32): bool {
  return size === 0 || (address >= PAGE_SIZE && address < USER_END && size <= USER_END - address);
}

/**
 * Where files find a page of the kernel's that a call gives them in place of the user's memory:
 * file/lent-page.ts. No user has memory there.
 */
export const LENT_PAGE: u32 = USER_END;
/** Where a range for files must end: past that page while any thread has lent one. */
let transferEnd: u32 = 0xffffc000;
if (USER_END !== 0xffffc000) ERROR("files' ranges end with the user's");

/** As isUserRange(); a range that is lent may be one, too: who copies will see. */
export function isTransferRange(address: usize, size: u32): bool {
  // In steps that take one comparison each.
  if (size === 0) return true;
  if (address < PAGE_SIZE || address >= transferEnd) return false;
  return size <= transferEnd - address;
}

/** Function index of (): usize, the address of the page lent in the running thread's call. */
let lender: u32 = 0;

/**
 * While `isLent` by any thread, the function of index `index` says what the running one has lent,
 * 0 for nothing.
 */
export function setLentPage(index: u32, isLent: bool): void {
  lender = index;
  transferEnd = isLent ? LENT_PAGE + PAGE_SIZE : USER_END;
}

/** As atPages(), with bytes that are not in user space: of the lent page, if anyone's. */
function atLentPage(user: usize, kernel: usize, size: u32, work: Work): i32 {
  if (!isTransferRange(user, size)) return -EFAULT;
  const page = call_indirect<usize>(lender);
  if (page === 0) return -EFAULT;
  const bytes = page + (user - LENT_PAGE);
  if (work === Work.copyIn) copyBytes(kernel, bytes, size);
  else if (work === Work.copyOut) copyBytes(bytes, kernel, size);
  else clearBytes(bytes, size);
  return 0;
}

// What most copies need: of a range on one page of the user's that the tables have, the entry, and
// an address at which all of it can be seen. Else atPages() finds out what there is.

/** Where to read the entry of the page that all of the range lies on: 0 if there is none. */
function entryOfPage(user: usize, size: u32): usize {
  "inline";
  // A size of 0 is more than any page has.
  return size - 1 > (~user & PAGE_MASK) ? noEntry : currentSpace.findRecent(user);
}

/** Whether an entry lets the user do that. Outside of user space none has U/S. */
function allows(pte: usize, access: u32): bool {
  "inline";
  const needed = access ? ENTRY_P | ENTRY_US | ENTRY_RW : ENTRY_P | ENTRY_US;
  return (load<u32>(pte) & needed) === needed;
}

/** The kernel address of the byte at `user`, on the page of that entry, until closeWindow(). */
function openPage(pte: usize, user: usize): usize {
  "inline";
  return openEntry(pte) + (user & PAGE_MASK);
}

/** What happens to the part of a range that lies on one page. */
enum Work {
  copyIn,
  copyOut,
  clear,
}

/** Does `work` with the user's bytes at `user`, page by page. 0, -EFAULT or -ENOMEM. */
function atPages(space: AddressSpace, user: usize, kernel: usize, size: u32, work: Work): i32 {
  if (size === 0) return 0;
  // As isUserRange(), in steps that take one comparison each.
  if (user - PAGE_SIZE >= USER_END - PAGE_SIZE) return atLentPage(user, kernel, size, work);
  if (size > USER_END - user) return -EFAULT;
  do {
    const part = min<u32>(size, PAGE_SIZE - (user & PAGE_MASK));
    const frame = frameFor(space, user, work === Work.copyIn ? 0 : FAULT_WRITE);
    if (frame < PAGE_SIZE) return -(<i32>frame);
    const window = openWindow(frame);
    const bytes = window + (user & PAGE_MASK);
    if (work === Work.copyIn) copyBytes(kernel, bytes, part);
    else if (work === Work.copyOut) copyBytes(bytes, kernel, part);
    else clearBytes(bytes, part);
    closeWindow(window);
    user += part;
    kernel += part;
    size -= part;
  } while (size !== 0);
  return 0;
}

const wordBuffer: usize = memory.data(PAIR, 4);

/**
 * The frame of the page that the user's `address` is in, for reading or (FAULT_WRITE) writing; an
 * errno, which is less than any frame's name, if the user may not do that.
 */
function frameFor(space: AddressSpace, address: usize, access: u32): u32 {
  const frame = mappedFrame(space, address, access);
  return frame !== 0 ? frame : resolvedFrame(space, address, access);
}

/** The same, after what the processor would have faulted at. */
function resolvedFrame(space: AddressSpace, address: usize, access: u32): u32 {
  const result = resolveFault(space, address, FAULT_USER | access);
  if (result !== 0) return result === -ENOMEM ? ENOMEM : EFAULT;
  const frame = mappedFrame(space, address, access);
  return frame !== 0 ? frame : EFAULT;
}

/** As the tables stand: 0 if the user may not do that, or not yet. */
function mappedFrame(space: AddressSpace, address: usize, access: u32): u32 {
  const pte = space.find(address);
  return allows(pte, access) ? entryFrame(pte) : 0;
}

/** Copies up to `limit` bytes and stops at a NUL; how many bytes came before it. */
function copyUntilNul(from: usize, to: usize, limit: u32): u32 {
  for (let i: u32 = 0; i < limit; i++) {
    const byte = load<u8>(from + i);
    store<u8>(to + i, byte);
    if (byte === 0) return i;
  }
  return limit;
}
