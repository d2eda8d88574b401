// The pages at which the kernel and user programs see the same frame: the trampoline's, by law 1.

import type { Spaces } from "./spaces";
import { findMapping, rightsText } from "./walk";

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
