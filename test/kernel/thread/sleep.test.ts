import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOOT_PAGES, type Machine, machineFor } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import * as sleep from "./kernel/thread/sleep";
  import { createThread, Thread } from "./kernel/thread/thread";
  export function create(): usize { return changetype<usize>(createThread(0)); }
  export function add(thread: usize, deadline: u32): void {
    sleep.addSleeper(changetype<Thread>(thread), deadline);
  }
  export function takeDue(now: u32): usize { return changetype<usize>(sleep.takeDueSleeper(now)); }
  export function wakeTick(thread: usize): u32 {
    return <u32>changetype<Thread>(thread).wakeTick;
  }
`);

let machine: Machine;
let threads: number[] = [];
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
/** Puts thread `index` to sleep. */
const add = (index: number, deadline: number) => call("add", threads[index] ?? 0, deadline);

/** The threads, by index, that are due at `now`, taken out in order. */
function takeDue(now: number): number[] {
  const due: number[] = [];
  for (let next = call("takeDue", now); next !== 0; next = call("takeDue", now)) {
    assert.ok(due.push(threads.indexOf(next)) < 9, "the queue has no end");
  }
  return due;
}

describe("sleepers", () => {
  beforeEach(() => {
    machine = start();
    call("start", 64);
    threads = Array.from({ length: 4 }, () => call("create"));
  });

  it("are none at first", () => {
    assert.deepEqual(takeDue(0xffffffff), []);
  });

  it("know when they are due", () => {
    add(0, 10);
    assert.equal(call("wakeTick", threads[0] ?? 0), 10);
  });

  it("are due at their tick and after it, not before", () => {
    add(0, 10);
    assert.deepEqual(takeDue(9), []);
    assert.deepEqual(takeDue(10), [0]);
    add(1, 10);
    assert.deepEqual(takeDue(11), [1]);
  });

  it("are taken out once", () => {
    add(0, 10);
    takeDue(10);
    assert.deepEqual(takeDue(20), []);
  });

  it("wake in the order of their deadlines, whenever they came", () => {
    add(0, 20);
    add(1, 40);
    add(2, 10);
    add(3, 30);
    assert.deepEqual(takeDue(30), [2, 0, 3]);
    assert.deepEqual(takeDue(40), [1]);
  });

  it("with the same deadline wake in the order in which they came", () => {
    add(0, 20);
    add(1, 10);
    add(2, 10);
    add(3, 10);
    assert.deepEqual(takeDue(20), [1, 2, 3, 0]);
  });
});
