// Windows: how the kernel sees a frame that belongs to a process.
//
// The kernel directory maps no frame of a process, except here: sixteen pages below the guard,
// opened for one access and closed again before the return to user mode (law 3). Every entry from
// user mode loads CR3 and so forgets all translations of windows; slots used in order after an
// entry therefore need no `invlpg`. Only when the sixteen are used up, the next round needs it.
//
// Invariants
//   - A thread that blocks, or returns to user mode, has no window open.
//   - `openCount` is the number of slots whose entry is present; the entries of the others are 0.
//   - A slot that was opened since the entry from user mode is below `usedSlots`; the entries of
//     those from there on are 0.

import { PAGE_SHIFT, WINDOW_COUNT, WINDOWS } from "../../src/abi/memory-map";
import { ENTRY_FRAME, ENTRY_FRAME_HIGH, ENTRY_P, ENTRY_RW, ENTRY_SIZE } from "../../src/abi/paging";
import * as x86 from "../../src/abi/x86";
import { panic } from "../log/panic";
import { noExecute, writeEntry } from "../machine/i686/paging";
import { kernelPte } from "./kernel-space";
import { addReturnWork, endReturnWork, RETURN_WINDOWS } from "./user-return";

/** Slots before this one have been used since the entry from user mode: they may be in the TLB. */
let usedSlots: u32 = 0;
/** Where to look first when all of them have. */
let nextSlot: u32 = 0;
let openCount: u32 = 0;
/** Of an entry, where its upper half is. */
const ENTRY_HIGH: usize = 4;

/** The kernel address at which `frame` is readable and writable until closeWindow(). */
export function openWindow(frame: u32): usize {
  return openNext(frame, frame);
}

/** As openWindow(), of the frame that a present entry of a page table leads to. */
export function openEntry(entry: usize): usize {
  "inline";
  return openNext(load<u32>(entry), load<u32>(entry, ENTRY_HIGH));
}

/** As openWindow(), of the frame whose name is in two words, each with other bits beside it. */
function openNext(low: u32, high: u32): usize {
  "inline";
  const slot = usedSlots;
  if (slot === WINDOW_COUNT) return openAgain(low, high);
  usedSlots = slot + 1;
  addReturnWork(RETURN_WINDOWS);
  return openSlot(slot, low, high);
}

/** All slots may be in the TLB: the next that is closed is used once more. */
function openAgain(low: u32, high: u32): usize {
  for (let tries: u32 = 0; tries < WINDOW_COUNT; tries++) {
    const slot = nextSlot;
    nextSlot = slot + 1 === WINDOW_COUNT ? 0 : slot + 1;
    const address = WINDOWS + (slot << PAGE_SHIFT);
    if ((load<u32>(kernelPte(address)) & ENTRY_P) !== 0) continue;
    x86.invlpg(address);
    return openSlot(slot, low, high);
  }
  panic(cstr("window: all sixteen are open"));
  return 0;
}

function openSlot(slot: u32, low: u32, high: u32): usize {
  const pte = kernelPte(WINDOWS) + slot * ENTRY_SIZE;
  // The entry is not present: its upper half goes first.
  store<u32>(pte, (high & ENTRY_FRAME_HIGH) | noExecute(), ENTRY_HIGH);
  store<u32>(pte, (low & ENTRY_FRAME) | ENTRY_P | ENTRY_RW);
  openCount++;
  return WINDOWS + (slot << PAGE_SHIFT);
}

/** Ends the view that openWindow() gave; any address inside the page will do. */
export function closeWindow(address: usize): void {
  writeEntry(kernelPte(address), 0, 0);
  openCount--;
}

/** Called on the way to user mode: the entry that follows starts with a clean TLB. */
export function forgetWindows(): void {
  if (openCount !== 0) panic(cstr("window: open at the return to user mode"));
  nextSlot = 0;
  usedSlots = 0;
  endReturnWork(RETURN_WINDOWS);
}

/** For threads that block: they must have closed their windows. */
export function noWindowOpen(): bool {
  return openCount === 0;
}
