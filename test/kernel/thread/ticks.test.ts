import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const start = compileKernelPart(`
  import * as ticks from "./kernel/thread/ticks";
  export function pass(count: u32): void { while (count-- > 0) ticks.countTick(); }
  export function now(): u32 { return <u32>ticks.currentTick(); }
  export function seconds(): u32 { return ticks.uptimeSeconds(); }
  export function nanoseconds(): u32 { return ticks.uptimeNanoseconds(); }
`);

let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values);

describe("ticks", () => {
  beforeEach(() => {
    part = start();
  });

  it("are counted from 0", () => {
    assert.equal(call("now"), 0);
    call("pass", 3);
    assert.equal(call("now"), 3);
  });

  it("are a hundredth of a second", () => {
    call("pass", 99);
    assert.deepEqual([call("seconds"), call("nanoseconds")], [0, 990_000_000]);
    call("pass", 1);
    assert.deepEqual([call("seconds"), call("nanoseconds")], [1, 0]);
    call("pass", 250);
    assert.deepEqual([call("seconds"), call("nanoseconds")], [3, 500_000_000]);
  });
});
