import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const start = compileKernelPart(`
  import { Countdown } from "./kernel/thread/countdown";
  const timer = changetype<Countdown>(memory.data(offsetof<Countdown>(), 8));
  export function set(expiry: u32, interval: u32): void {
    timer.expiry = expiry;
    timer.interval = interval;
  }
  export function pass(now: u32): u32 { return <u32>timer.pass(now); }
  export function left(now: u32): u32 { return <u32>timer.left(now); }
`);

let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? 0;

describe("a countdown", () => {
  beforeEach(() => {
    part = start();
  });

  it("that is not set does not expire, and has nothing left", () => {
    assert.equal(call("pass", 1000), 0);
    assert.equal(call("left", 1000), 0);
  });

  it("without an interval expires once", () => {
    call("set", 500, 0);
    assert.equal(call("pass", 499), 0);
    assert.equal(call("left", 499), 1);
    assert.equal(call("left", 400), 100);
    assert.equal(call("pass", 500), 1);
    assert.equal(call("pass", 501), 0);
    assert.equal(call("left", 501), 0);
  });

  it("has a little left when it is due and was not asked", () => {
    call("set", 500, 0);
    assert.equal(call("left", 500), 1);
    assert.equal(call("left", 700), 1);
  });

  it("with an interval counts how often it has expired", () => {
    call("set", 500, 100);
    assert.equal(call("pass", 500), 1);
    assert.equal(call("left", 510), 90);
    assert.equal(call("pass", 599), 0);
    assert.equal(call("pass", 899), 3);
    assert.equal(call("pass", 900), 1);
  });
});
