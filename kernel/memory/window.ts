// Windows: how the kernel sees a frame that belongs to a process.
//
// The kernel directory maps no frame of a process, except here: sixteen pages below the guard,
// opened for one access and closed again before the return to user mode (law 3). Every entry from
// user mode loads CR3 and so forgets all translations of windows; slots used in order after an
// entry therefore need no `invlpg`. Only once all sixteen have been used is it needed.
//
// Invariants
//   - A thread that blocks, or returns to user mode, has no window open.
//   - `openCount` is the number of slots whose entry is present; the entries of the others are 0.
//   - A slot that was opened since the entry from user mode is before `nextSlot`; the entries from
//     there on are 0.

import { PAGE_SHIFT, PAGE_TABLES, WINDOW_COUNT, WINDOWS } from "../../src/abi/memory-map";
import { ENTRY_FRAME, ENTRY_FRAME_HIGH, ENTRY_P, ENTRY_RW, ENTRY_SIZE } from "../../src/abi/paging";
import * as x86 from "../../src/abi/x86";
import { panic } from "../log/panic";
import { noExecute, writeEntry } from "../machine/i686/paging";
import { kernelPte } from "./kernel-space";
import { addReturnWork, endReturnWork, RETURN_WINDOWS } from "./user-return";

/** Where the entry of the first slot is. */
const ENTRIES: usize = PAGE_TABLES + (WINDOWS >> PAGE_SHIFT) * ENTRY_SIZE;
const SIZE: u32 = WINDOW_COUNT * ENTRY_SIZE;
/** The distance of a slot's entry from the first, times this, is that of its address. */
const ENTRY_TO_ADDRESS: u32 = PAGE_SHIFT - 3;
/** Of an entry, where its upper half is. */
const ENTRY_HIGH: usize = 4;

// A slot is known by the distance of its entry.

/** The slots before it were used since the entry from user mode: they may be in the TLB. */
let nextSlot: u32 = 0;
/** Where to look first when all of them have. */
let againSlot: u32 = 0;
let openCount: u32 = 0;

/** The kernel address at which `frame` is readable and writable until closeWindow(). */
export function openWindow(frame: u32): usize {
  return openNext((frame & ENTRY_FRAME) | ENTRY_P | ENTRY_RW, frame & ENTRY_FRAME_HIGH);
}

/**
 * The same of the frame that a present entry of a page table leads to: writable if the entry is.
 * Inlined, as a call would be much of what it costs.
 */
export function openEntry(entry: usize): usize {
  "inline";
  return openNext(load<u32>(entry), load<u32>(entry, ENTRY_HIGH));
}

/** Opens the next slot: what the words of its entry are, but for NX and bits that windows lack. */
function openNext(low: u32, high: u32): usize {
  "inline";
  const slot = nextSlot;
  if (slot === SIZE) return openAgain(low, high);
  nextSlot = slot + ENTRY_SIZE;
  addReturnWork(RETURN_WINDOWS);
  return openSlot(slot, low, high);
}

/** All slots may be in the TLB: the next that is closed is used once more. */
function openAgain(low: u32, high: u32): usize {
  if (openCount === WINDOW_COUNT) {
    panic(cstr("window: all sixteen are open"));
    return 0;
  }
  let slot = againSlot;
  while (load<u32>(ENTRIES + slot) !== 0) slot = slotAfter(slot);
  againSlot = slotAfter(slot);
  x86.invlpg(WINDOWS + (slot << ENTRY_TO_ADDRESS));
  return openSlot(slot, low, high);
}

function slotAfter(slot: u32): u32 {
  return (slot + ENTRY_SIZE) & (SIZE - 1);
}

function openSlot(slot: u32, low: u32, high: u32): usize {
  "inline";
  // The entry is not present: its upper half goes first.
  store<u32>(ENTRIES + slot, high | noExecute(), ENTRY_HIGH);
  store<u32>(ENTRIES + slot, low & (ENTRY_FRAME | ENTRY_P | ENTRY_RW));
  openCount++;
  return WINDOWS + (slot << ENTRY_TO_ADDRESS);
}

/** Ends the view that a function above gave; any address inside the page will do. */
export function closeWindow(address: usize): void {
  writeEntry(kernelPte(address), 0, 0);
  openCount--;
}

/** Called on the way to user mode: the entry that follows starts with a clean TLB. */
export function forgetWindows(): void {
  "inline";
  if (openCount !== 0) panic(cstr("window: open at the return to user mode"));
  nextSlot = 0;
  endReturnWork(RETURN_WINDOWS);
}

/** For threads that block: they must have closed their windows. */
export function noWindowOpen(): bool {
  return openCount === 0;
}

if (ENTRY_SIZE << ENTRY_TO_ADDRESS !== 1 << PAGE_SHIFT) ERROR("an entry has eight bytes");
if ((SIZE & (SIZE - 1)) !== 0) ERROR("the windows are a power of two");
