import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

let counter = 0n;
const start = compileKernelPart(
  `
  import { IntervalTimer } from "./kernel/thread/interval-timer";
  import { fireTimers, onNextInterrupt, Timer } from "./kernel/thread/timer";
  const timer = changetype<IntervalTimer>(memory.data(offsetof<IntervalTimer>(), 8));
  let expired: u32 = 0;
  let fired: u32 = 0;
  function fire(at: Timer): void {
    fired++;
    expired += <u32>changetype<IntervalTimer>(at).expire();
  }
  function interruptIn(nanoseconds: u32): u32 { return nanoseconds; }
  export function begin(): void {
    timer.handler = fire.index;
    onNextInterrupt(interruptIn.index);
  }
  export function start(expiry: u32, interval: u32): void { timer.start(expiry, interval); }
  export function stop(): void { timer.stop(); }
  export function left(): u32 { return <u32>timer.left(); }
  export function pass(): void { fireTimers(); }
  export function takeExpired(): u32 { const count = expired; expired = 0; return count; }
  export function takeFired(): u32 { const count = fired; fired = 0; return count; }
`,
  // The counter has 64 bits, which the types of imports do not know.
  { imports: { x86: { rdtsc: () => counter as unknown as number } } },
);

const MILLISECOND = 1_000_000;
let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? 0;
/** Lets the time be `nanoseconds`: how often the timer has expired since it fired last. */
function passTo(nanoseconds: number): number {
  counter = BigInt(nanoseconds);
  call("pass");
  return call("takeExpired");
}

describe("an interval timer", () => {
  beforeEach(() => {
    counter = 0n;
    part = start();
    call("begin");
  });

  it("without an interval expires once", () => {
    call("start", 500, 0);
    assert.equal(call("left"), 500);
    assert.equal(passTo(499), 0);
    assert.equal(call("left"), 1);
    assert.equal(passTo(500), 1);
    assert.equal(call("left"), 0);
    assert.equal(passTo(5000), 0);
  });

  it("has a little left when it is due and has not fired", () => {
    call("start", 500, 0);
    counter = 600n;
    assert.equal(call("left"), 1);
  });

  it("expires again and again, at times that do not drift", () => {
    call("start", MILLISECOND, MILLISECOND);
    assert.equal(passTo(MILLISECOND + 300), 1);
    assert.equal(call("left"), MILLISECOND - 300);
    assert.equal(passTo(2 * MILLISECOND - 1), 0);
    assert.equal(passTo(2 * MILLISECOND), 1);
  });

  it("counts what it could not tell in time", () => {
    call("start", MILLISECOND, MILLISECOND);
    assert.equal(passTo(4.5 * MILLISECOND), 4);
    assert.equal(call("takeFired"), 1);
    assert.equal(call("left"), MILLISECOND / 2);
    assert.equal(passTo(5 * MILLISECOND), 1);
  });

  it("does not fire more often than a machine can bear, and loses no expiry", () => {
    call("start", 1, 1);
    let expired = 0;
    for (let now = 0; now <= MILLISECOND; now += 1000) expired += passTo(now);
    assert.ok(call("takeFired") <= 21);
    expired += passTo(2 * MILLISECOND);
    assert.equal(expired, 2 * MILLISECOND);
    assert.equal(call("left"), 1);
  });

  it("that is stopped does not expire", () => {
    call("start", 500, 500);
    call("stop");
    assert.equal(call("left"), 0);
    assert.equal(passTo(5000), 0);
  });
});
