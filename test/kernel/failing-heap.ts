// A heap in place of kernel/memory/heap.ts in which one allocation fails when the test says so, and
// which counts its objects: a call that fails halfway must leave as many as there were before.

import type { KernelPart } from "./kernel-part";

/** Objects are not used again, so what is used after it was freed shows as well: it is 0xdd. */
export const FAILING_HEAP = `
  let next: usize = memory.data(65536, 16);
  let countdown: u32 = 0;
  let live: u32 = 0;
  const HEADER: usize = 16;
  export function failAt(count: u32): u32 {
    const left = countdown;
    countdown = count;
    return left;
  }
  export function liveObjects(): u32 { return live; }
  export function allocate(size: usize): usize {
    if (countdown !== 0 && --countdown === 0) return 0;
    const at = next + HEADER;
    store<usize>(next, size);
    next = at + ((size + 15) & ~15);
    live++;
    return at;
  }
  export function free(object: usize): void {
    if (object === 0) return;
    memory.fill(object, 0xdd, load<usize>(object - HEADER));
    live--;
  }
`;

/** What a part must export for failEach(). */
export const FAILING_HEAP_EXPORTS = `
  export { failAt, liveObjects } from "./kernel/memory/heap";
`;

/**
 * Has the first allocation of `attempt` fail, then the second, and so on, until it needs no more:
 * what it returned each time, and how many objects it left behind.
 */
export function failEach(
  part: KernelPart,
  attempt: () => number,
): { readonly result: number; readonly left: number }[] {
  const failures: { result: number; left: number }[] = [];
  for (let count = 1; ; count++) {
    const before = part.call.liveObjects!();
    part.call.failAt!(count);
    const result = attempt();
    if (part.call.failAt!(0) !== 0) return failures;
    failures.push({ result, left: part.call.liveObjects!() - before });
  }
}
