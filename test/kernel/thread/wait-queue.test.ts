import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const start = compileKernelPart(`
  import { Waiter, WaitQueue } from "./kernel/thread/wait-queue";
  const queue = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));
  const waiters: usize = memory.data(8 * 12, 4);
  function waiter(index: u32): Waiter { return changetype<Waiter>(waiters + 12 * index); }
  function indexOf(found: Waiter | null): i32 {
    return found === null ? -1 : <i32>(changetype<usize>(found) - waiters) / 12;
  }
  export function isEmpty(): bool { return queue.isEmpty(); }
  export function append(index: u32): void { queue.append(waiter(index)); }
  export function insert(index: u32, next: u32): void { queue.insert(waiter(index), waiter(next)); }
  export function insertLast(index: u32): void { queue.insert(waiter(index), null); }
  export function takeFirst(): i32 { return indexOf(queue.takeFirst()); }
  export function exchange(index: u32): i32 { return indexOf(queue.exchange(waiter(index))); }
  export function dropAll(): void { queue.dropAll(); }
  export function remove(index: u32): void { queue.remove(waiter(index)); }
  export function isQueued(index: u32): bool { return waiter(index).queue === queue; }
  export function isInNone(index: u32): bool { return waiter(index).queue === null; }
`);

const NONE = -1;
let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? Number.NaN;
const append = (...waiters: number[]) => {
  for (const waiter of waiters) call("append", waiter);
};

/** Takes out all that are in the queue. */
function takeAll(): number[] {
  const taken: number[] = [];
  for (let next = call("takeFirst"); next !== NONE; next = call("takeFirst")) {
    assert.ok(taken.push(next) < 20, "the queue has no end");
  }
  return taken;
}

describe("a queue", () => {
  beforeEach(() => {
    part = start();
  });

  it("is empty at first", () => {
    assert.equal(call("isEmpty"), 1);
    assert.equal(call("takeFirst"), NONE);
  });

  it("gives waiters in the order in which they came", () => {
    append(2, 0, 1);
    assert.equal(call("isEmpty"), 0);
    assert.deepEqual(takeAll(), [2, 0, 1]);
    assert.equal(call("isEmpty"), 1);
  });

  it("knows which waiters are in it", () => {
    append(0, 1);
    assert.deepEqual([call("isQueued", 0), call("isQueued", 1)], [1, 1]);
    call("takeFirst");
    call("remove", 1);
    assert.deepEqual([call("isInNone", 0), call("isInNone", 1)], [1, 1]);
    append(0, 1);
    assert.equal(call("isQueued", 1), 1);
  });

  it("takes a waiter before another one: the first, or one in the middle", () => {
    append(0, 1);
    call("insert", 2, 0);
    call("insert", 3, 1);
    assert.equal(call("isQueued", 3), 1);
    call("remove", 0);
    assert.deepEqual(takeAll(), [2, 3, 1]);
  });

  it("takes a waiter before nobody at the end", () => {
    append(0);
    call("insertLast", 1);
    append(2);
    assert.deepEqual(takeAll(), [0, 1, 2]);
  });

  it("goes on after it was empty", () => {
    append(0);
    takeAll();
    append(1, 0);
    assert.deepEqual(takeAll(), [1, 0]);
  });

  it("takes a waiter in exchange for the first", () => {
    append(0, 1, 2);
    assert.equal(call("exchange", 3), 0);
    assert.deepEqual([call("isInNone", 0), call("isQueued", 3)], [1, 1]);
    call("remove", 2);
    assert.deepEqual(takeAll(), [1, 3]);
  });

  it("takes a waiter in exchange for the only one", () => {
    append(0);
    assert.equal(call("exchange", 1), 0);
    assert.equal(call("exchange", 0), 1);
    append(2);
    call("remove", 0);
    assert.deepEqual(takeAll(), [2]);
  });

  it("loses all of them", () => {
    append(0, 1, 2);
    call("dropAll");
    assert.equal(call("isEmpty"), 1);
    assert.deepEqual([call("isInNone", 0), call("isInNone", 1), call("isInNone", 2)], [1, 1, 1]);
    call("dropAll");
  });

  it("loses its first waiter", () => {
    append(0, 1, 2);
    call("remove", 0);
    append(3);
    assert.deepEqual(takeAll(), [1, 2, 3]);
  });

  it("loses a waiter in the middle", () => {
    append(0, 1, 2);
    call("remove", 1);
    append(3);
    assert.deepEqual(takeAll(), [0, 2, 3]);
  });

  it("loses its last waiter", () => {
    append(0, 1, 2);
    call("remove", 2);
    append(3);
    assert.deepEqual(takeAll(), [0, 1, 3]);
  });

  it("loses its only waiter", () => {
    append(0);
    call("remove", 0);
    assert.equal(call("isEmpty"), 1);
    append(1);
    assert.deepEqual(takeAll(), [1]);
  });

  it("keeps its links in both directions when the first is taken", () => {
    append(0, 1, 2);
    call("takeFirst");
    call("remove", 1);
    assert.deepEqual(takeAll(), [2]);
  });

  it("keeps its links in both directions when some are taken out", () => {
    append(3, 0, 2, 1);
    call("remove", 0);
    call("remove", 2);
    call("remove", 3);
    assert.deepEqual(takeAll(), [1]);
  });
});
