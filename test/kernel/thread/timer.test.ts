import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

let counter = 0n;
/** How much time passes between two looks at the counter. */
let step = 0n;

function readCounter(): number {
  counter += step;
  return counter as unknown as number;
}

const start = compileKernelPart(
  `
  import { rdtsc } from "./src/abi/x86";
  import * as timers from "./kernel/thread/timer";
  const records: usize = memory.data(64 * 32, 8);
  const fired: usize = memory.data(256, 4);
  let firedCount: u32 = 0;
  let asked: u32 = 0;
  let answer: u32 = 0xffffffff;
  let again: u32 = 0;
  function at(index: u32): timers.Timer {
    return changetype<timers.Timer>(records + index * timers.TIMER_SIZE);
  }
  function fire(timer: timers.Timer): void {
    rdtsc();
    store<u32>(fired + 4 * firedCount++, timer.owner);
    if (again === 0) return;
    timers.setTimer(timer, timer.deadline + again);
    again = 0;
  }
  function interruptIn(nanoseconds: u32): u32 {
    asked = nanoseconds;
    return min<u32>(nanoseconds, answer);
  }
  export function begin(): void {
    for (let i: u32 = 0; i < 64; i++) {
      at(i).handler = fire.index;
      at(i).owner = i;
    }
    timers.onNextInterrupt(interruptIn.index);
  }
  export function set(index: u32, deadline: u32): void { timers.setTimer(at(index), deadline); }
  export function clear(index: u32): void { timers.clearTimer(at(index)); }
  export function isSet(index: u32): bool { return at(index).isSet; }
  export function fireTimers(): void { timers.fireTimers(); }
  export function takeAsked(): u32 { const was = asked; asked = 0; return was; }
  export function answerAtMost(nanoseconds: u32): void { answer = nanoseconds; }
  export function setAgain(interval: u32): void { again = interval; }
  export function firedAt(): usize { return fired; }
  export function takeCount(): u32 { const count = firedCount; firedCount = 0; return count; }
`,
  // The counter has 64 bits, which the types of imports do not know.
  { imports: { x86: { rdtsc: readCounter } } },
);

let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? 0;

/** The timers that fire at a time, in their order. */
function fireAt(time: number): number[] {
  counter = BigInt(time);
  call("fireTimers");
  const count = call("takeCount");
  const bytes = part.read(call("firedAt"), 4 * count);
  return [...new Uint32Array(bytes.buffer, bytes.byteOffset, count)];
}

describe("timers", () => {
  beforeEach(() => {
    counter = 0n;
    step = 0n;
    part = start();
    call("begin");
  });

  it("fire when they are due, and once", () => {
    call("set", 0, 10);
    assert.equal(call("isSet", 0), 1);
    assert.deepEqual(fireAt(9), []);
    assert.deepEqual(fireAt(10), [0]);
    assert.equal(call("isSet", 0), 0);
    assert.deepEqual(fireAt(20), []);
  });

  it("fire in the order of their deadlines, however they were set", () => {
    const deadlines = Array.from({ length: 64 }, (_, i) => 1 + ((i * 37) % 64));
    deadlines.forEach((deadline, i) => void call("set", i, deadline));
    assert.deepEqual(fireAt(30), inOrder(deadlines, 1, 30));
    assert.deepEqual(fireAt(64), inOrder(deadlines, 31, 64));
  });

  it("with one deadline fire in the order in which they were set", () => {
    for (const i of [3, 1, 2, 7, 5]) call("set", i, 10);
    call("set", 0, 9);
    assert.deepEqual(fireAt(10), [0, 3, 1, 2, 7, 5]);
  });

  it("that are cleared do not fire, wherever in the heap they are", () => {
    for (let cleared = 0; cleared < 8; cleared++) {
      const now = 1000 * cleared;
      for (let i = 0; i < 8; i++) call("set", i, now + 10 + ((i * 3) % 8));
      fireAt(now + 10); // the heap gets a shape of its own
      call("clear", cleared);
      call("clear", cleared);
      const expected = [1, 2, 3, 4, 5, 6, 7].map((n) => (n * 3) % 8).filter((i) => i !== cleared);
      assert.deepEqual(fireAt(now + 100), expected);
    }
  });

  it("that are many leave as much time as they have taken, few are followed by the next", () => {
    for (let i = 0; i < 40; i++) call("set", i, 100);
    call("set", 40, 130);
    step = 10n;
    assert.equal(fireAt(100).length, 40);
    assert.ok(call("takeAsked") >= 400);
    for (let i = 0; i < 10; i++) call("set", i, 1000);
    call("set", 10, 1050);
    call("takeAsked");
    assert.equal(fireAt(1000).length, 11);
    assert.equal(call("takeAsked"), 0);
  });

  it("can be set anew, earlier or later", () => {
    call("set", 0, 10);
    call("set", 1, 20);
    call("set", 1, 5);
    call("set", 0, 30);
    assert.deepEqual(fireAt(10), [1]);
    assert.deepEqual(fireAt(30), [0]);
  });

  it("can be set anew by their handler", () => {
    call("set", 0, 10);
    call("setAgain", 5);
    assert.deepEqual(fireAt(12), [0]);
    assert.deepEqual(fireAt(15), [0]);
  });

  it("have the hardware interrupt for the earliest", () => {
    call("set", 0, 100);
    assert.equal(call("takeAsked"), 100);
    call("set", 1, 200);
    assert.equal(call("takeAsked"), 0, "an interrupt before it is on its way");
    call("set", 2, 50);
    assert.equal(call("takeAsked"), 50);
    fireAt(60);
    assert.equal(call("takeAsked"), 40);
    fireAt(100);
    assert.equal(call("takeAsked"), 100);
    fireAt(200);
    assert.equal(call("takeAsked"), 0, "none is left");
  });

  it("are not late if the hardware cannot wait as long", () => {
    call("answerAtMost", 30);
    call("set", 0, 100);
    assert.deepEqual(fireAt(30), []);
    assert.equal(call("takeAsked"), 70);
    call("set", 1, 70);
    assert.equal(call("takeAsked"), 0, "it interrupts at 60 anyway");
  });

  it("that are due already have it interrupt at once", () => {
    counter = 500n;
    call("set", 0, 100);
    assert.equal(call("takeAsked"), 0);
    assert.deepEqual(fireAt(500), [0]);
  });
});

/** Which of the timers have deadlines from `first` to `last`, in their order. */
function inOrder(deadlines: readonly number[], first: number, last: number): number[] {
  const range = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return range.map((deadline) => deadlines.indexOf(deadline));
}
