// Orders the functions of an output section so that none crosses a 4 KiB page needlessly.
//
// QEMU does not chain translated blocks across pages, and v86 compiles page by page: a hot loop
// that straddles two pages runs up to twenty times slower there. Packing is first-fit: each
// function goes to the first page with room for it, so most stay in the order given and small ones
// fill the gaps.
//
//      given order   | f1    f2  |f3      f4 |        crosses -> next page; f5, f6 fill the hole
//      packed        | f1    f2 5| f3  f4  6 |
//
// A function of more than a page begins a page of its own, and the rest of its last page is filled
// like any other. If first-fit in the given order wastes too much, the largest go first; if that
// wastes too much as well (all functions a little over half a page), crossing is the lesser evil.
//
// Invariants
//   - Deterministic: depends on order, sizes and alignments only.
//   - Offset 0 is the start of a page.

import { alignUp } from "../../base/align";
import type { InputSection } from "./model";
import { PageRooms } from "./page-rooms";

const PAGE = 4096;
/** The waste that is acceptable: this share of the functions' bytes, and always this many bytes. */
const WASTE_RATIO = 0.04;
const WASTE_FLOOR = 512;

interface Plan {
  readonly offsets: ReadonlyMap<InputSection, number>;
  readonly end: number;
}

/** Sets the offset of each input, from `start` on; returns the end of the last. */
export function packFunctions(inputs: readonly InputSection[], start: number): number {
  const linear = inOrder(inputs, start);
  const limit = linear.end + Math.max(WASTE_FLOOR, (linear.end - start) * WASTE_RATIO);
  const bySize = [...inputs].sort((a, b) => b.size - a.size);
  let plan = firstFit(inputs, start);
  if (plan.end > limit) plan = firstFit(bySize, start);
  if (plan.end > limit) plan = linear;
  for (const [input, offset] of plan.offsets) input.offset = offset;
  return plan.end;
}

function inOrder(inputs: readonly InputSection[], start: number): Plan {
  const offsets = new Map<InputSection, number>();
  let end = start;
  for (const input of inputs) {
    const offset = alignUp(end, input.section.align);
    offsets.set(input, offset);
    end = offset + input.size;
  }
  return { offsets, end };
}

/**
 * Each input in the first page with room for it. Linear, except for the logarithm of the number of
 * pages.
 */
function firstFit(inputs: readonly InputSection[], start: number): Plan {
  const offsets = new Map<InputSection, number>();
  const rooms = new PageRooms();
  if (start % PAGE !== 0) rooms.push(start, alignUp(start, PAGE));
  let end = start;
  for (const input of inputs) {
    const { size } = input;
    const { align } = input.section;
    let offset = rooms.take(size, align);
    if (offset === undefined) {
      offset = alignUp(rooms.end ?? alignUp(start, PAGE), align);
      rooms.push(offset + size, offset + alignUp(Math.max(size, 1), PAGE));
    }
    offsets.set(input, offset);
    end = Math.max(end, offset + size);
  }
  return { offsets, end };
}
