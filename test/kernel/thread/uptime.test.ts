import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

let counter = 0n;
const start = compileKernelPart(
  `
  import * as uptime from "./kernel/thread/uptime";
  export function calibrate(counts: u32, nanoseconds: u32): void {
    uptime.startUptime(counts, nanoseconds);
  }
  export function read(): u32 { return <u32>uptime.readUptime(); }
  export function seconds(): u32 { return uptime.uptimeSeconds; }
  export function nanoseconds(): u32 { return uptime.uptimeNanoseconds; }
  export function isRecent(counts: u32): bool { return uptime.isRecent(counts); }
  export function nanosecondsOf(high: u32, low: u32, shift: u32): u32 {
    return <u32>(uptime.nanosecondsOf((<u64>high << 32) | <u64>low) >> shift);
  }
`,
  // The counter has 64 bits, which the types of imports do not know.
  { imports: { x86: { rdtsc: () => counter as unknown as number } } },
);

const SECOND = 1_000_000_000;
let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values);
const parts = () => [call("seconds"), call("nanoseconds")];

describe("the uptime", () => {
  beforeEach(() => {
    counter = 5000n;
    part = start();
  });

  it("begins when the counter has been calibrated", () => {
    call("calibrate", 1000, 1000);
    assert.equal(call("read"), 0);
    assert.deepEqual(parts(), [0, 0]);
  });

  it("is the counter's advance, scaled", () => {
    call("calibrate", 3000, 1000);
    counter += 3_000_000n;
    assert.ok(Math.abs((call("read") ?? 0) - 1_000_000) <= 1);
    call("calibrate", 500, 1000);
    counter += 10n;
    assert.ok(Math.abs((call("read") ?? 0) - 1_000_020) <= 1);
  });

  it("counts nanoseconds if nothing could be calibrated", () => {
    call("calibrate", 0, 1000);
    counter += 77n;
    assert.equal(call("read"), 77);
    call("calibrate", 1000, 0);
    counter += 3n;
    assert.equal(call("read"), 80);
  });

  it("loses nothing however often it is read", () => {
    call("calibrate", 3000, 1000);
    for (let i = 0; i < 3000; i++) {
      counter += 1n;
      call("read");
    }
    assert.ok(Math.abs((call("nanoseconds") ?? 0) - 1000) <= 1);
  });

  it("is seconds and nanoseconds, too", () => {
    call("calibrate", 1000, 1000);
    counter += BigInt(SECOND) - 1n;
    call("read");
    assert.deepEqual(parts(), [0, SECOND - 1]);
    counter += 1n;
    call("read");
    assert.deepEqual(parts(), [1, 0]);
    counter += BigInt(SECOND) + 5n;
    call("read");
    assert.deepEqual(parts(), [2, 5]);
    // More than a word holds.
    counter += 100n * BigInt(SECOND) + 3n;
    call("read");
    assert.deepEqual(parts(), [102, 8]);
  });

  it("loses no second to a counter that is slow", () => {
    call("calibrate", 500, 1000);
    // In nanoseconds that is more than a word holds.
    counter += 2_200_000_000n;
    call("read");
    assert.deepEqual(parts(), [4, 400_000_000]);
  });

  it("does not go back with the counter", () => {
    call("calibrate", 1000, 1000);
    counter += 50n;
    call("read");
    counter -= 20n;
    assert.equal(call("read"), 50);
    counter += 21n;
    assert.equal(call("read"), 51);
  });

  it("knows whether it was read a moment ago", () => {
    call("calibrate", 1000, 1000);
    call("read");
    counter += 9n;
    assert.deepEqual([call("isRecent", 10), call("isRecent", 9)], [1, 0]);
  });

  it("says how long the counter takes for any count", () => {
    call("calibrate", 2000, 1000);
    assert.equal(call("nanosecondsOf", 0, 4000, 0), 2000);
    assert.equal(call("nanosecondsOf", 6, 8, 0), 4);
    assert.equal(call("nanosecondsOf", 6, 8, 32), 3);
  });
});
