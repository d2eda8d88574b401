// The pages at which the kernel and user programs see the same frame: the trampoline's, by law 1.
// And the frames that no user program may have, by law 2.

import { PAGE_SIZE, WINDOW_END, WINDOWS } from "../abi/memory-map";
import type { Spaces } from "./spaces";
import { type AddressSpace, findMapping, type Mapping, rightsText } from "./walk";

export interface SharedPage {
  readonly va: number;
  readonly pa: number;
  /** `urwxg`, as the kernel's space grants it. */
  readonly flags: string;
}

/** The pages at which the kernel and a process agree: same address, same frame. */
export function sharedPages(spaces: Spaces): SharedPage[] {
  return spaces.kernel.mappings
    .filter(({ va, pa }) => spaces.processes.some(({ space }) => findMapping(space, va)?.pa === pa))
    .map((mapping) => ({ va: mapping.va, pa: mapping.pa, flags: rightsText(mapping) }));
}

/** Large pages as the 4 KiB pages that they stand for. */
export function* smallPages(mapping: Mapping): Generator<{ va: number; pa: number }> {
  for (let offset = 0; offset < mapping.size; offset += PAGE_SIZE) {
    yield { va: mapping.va + offset, pa: mapping.pa + offset };
  }
}

export function isWindow(va: number): boolean {
  return va >= WINDOWS && va < WINDOW_END;
}

/** The frames that the kernel has for itself, not through a window, each with one address. */
export function kernelFrames({ mappings }: AddressSpace): Map<number, number> {
  const frames = new Map<number, number>();
  for (const mapping of mappings) {
    if (isWindow(mapping.va)) continue;
    for (const { va, pa } of smallPages(mapping)) frames.set(pa, va);
  }
  return frames;
}
