// What is in frames: zeros, and copies of others.
//
// One frame of zeros stands for all anonymous memory that was read and never written to: it is
// mapped read-only wherever that is, and whoever writes gets a frame of its own (fault.ts).
//
// Invariant: nothing writes to the frame of zeros. It keeps one reference of its own, so it is
// never freed and never taken over.

import { PAGE_SIZE } from "../../src/abi/memory-map";
import { clearBytes, copyBytes } from "../machine/i686/block";
import { allocateUserFrame } from "./frames";
import { closeWindow, openWindow } from "./window";

let zeros: u32 = 0;

/** The frame of zeros, or 0 when there is no memory for it. */
export function zeroFrame(): u32 {
  if (zeros === 0) {
    const frame = allocateUserFrame();
    if (frame !== 0) clearFrame(frame, 0);
    zeros = frame;
  }
  return zeros;
}

/** Sets the bytes of `frame` to 0, from `offset` to its end. */
export function clearFrame(frame: u32, offset: u32): void {
  const window = openWindow(frame);
  clearBytes(window + offset, PAGE_SIZE - offset);
  closeWindow(window);
}

/** Sets the bytes of `frame` from `start` to `end` to 0. */
export function clearPart(frame: u32, start: u32, end: u32): void {
  const window = openWindow(frame);
  memory.fill(window + start, 0, end - start);
  closeWindow(window);
}

/** A frame with the bytes of `frame` and one reference; 0 when out of memory. */
export function copyOfFrame(frame: u32): u32 {
  const copy = allocateUserFrame();
  if (copy === 0) return 0;
  const to = openWindow(copy);
  if (frame === zeros) {
    clearBytes(to, PAGE_SIZE);
  } else {
    const from = openWindow(frame);
    copyBytes(to, from, PAGE_SIZE);
    closeWindow(from);
  }
  closeWindow(to);
  return copy;
}
