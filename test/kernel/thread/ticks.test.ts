import assert from "node:assert/strict";
import { it } from "node:test";
import { loadKernelPart } from "../kernel-part";

it("ticks are a hundredth of a second, counted from the start", () => {
  let clock = 0n;
  const part = loadKernelPart(
    `
    import { currentTick } from "./kernel/thread/ticks";
    export function now(): u32 { return <u32>currentTick(); }
  `,
    { imports: { x86: { rdtsc: () => clock as unknown as number } } },
  );
  assert.equal(part.call.now?.(), 0);
  clock += 9_999_999n;
  assert.equal(part.call.now?.(), 0);
  clock += 1n;
  assert.equal(part.call.now?.(), 1);
  clock += 1_000_000_000n;
  assert.equal(part.call.now?.(), 101);
});
