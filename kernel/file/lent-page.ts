// A page of the kernel's in place of a user's memory: for calls that move bytes from file to file.
//
//   from -> the page, at LENT_PAGE -> to
//
// Files know how to read to a user's memory and how to write from it, and are given an address that
// is no user's. memory/user-memory.ts asks here what it stands for, so no other thread sees the
// bytes on their way, or can change them, and a user that names the address gets -EFAULT.
//
// Invariant: a thread in user mode has lent nothing.

import { PAGE_SIZE } from "../../src/abi/memory-map";
import { allocatePages, freePages } from "../memory/pages";
import { LENT_PAGE, setLentPage, UserPointer, userPointer } from "../memory/user-memory";
import { currentThread } from "../thread/thread";

/** Bytes that go through at once. */
export const LENT_SIZE: u32 = PAGE_SIZE;

/** What files are given. */
export function lentPointer(): UserPointer {
  return userPointer(LENT_PAGE);
}

/** How many threads have lent a page. */
let lenders: u32 = 0;

/** Lends a page until returnPage(): its kernel address, or 0 when out of memory. */
export function lendPage(): usize {
  const page = allocatePages(1);
  if (page !== 0) setLenders(lenders + 1, page);
  return page;
}

/** The running thread's call has moved its bytes. */
export function returnPage(): void {
  freePages(currentThread.lentPage, 1);
  setLenders(lenders - 1, 0);
}

function setLenders(count: u32, page: usize): void {
  lenders = count;
  currentThread.lentPage = page;
  setLentPage(pageOfThread.index, count !== 0);
}

function pageOfThread(): usize {
  return currentThread.lentPage;
}
