import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import { ENOMEM, LOCKED, USER_END, USER_SPACE, UserSpace } from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  import * as locks from "./kernel/memory/lock-range";
  export function lockRange(space: usize, from: usize, to: usize, isLocked: bool): i32 {
    return locks.lockRange(at(space), from, to, isLocked);
  }
  export function setFutureFlags(space: usize, flags: u32): void { at(space).futureFlags = flags; }
  export function lockedPages(space: usize, from: usize, to: usize): u32 {
    return locks.lockedPages(at(space), from, to);
  }
`);

let machine: Machine;
let user: UserSpace;
const lock = (from: number, to: number, isLocked = 1) =>
  machine.call("lockRange", user.space, from * PAGE, to * PAGE, isLocked);
const locked = (from = 0, to = USER_END / PAGE, of = user.space) =>
  machine.call("lockedPages", of, from * PAGE, to * PAGE);
const flags = () => user.regions().map(({ from, to, flags }) => [from, to, flags]);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("pages that are locked", () => {
  it("are those of the range, as far as it is mapped", () => {
    user.map(1, 4);
    user.map(5, 8);
    user.map(9, 10);
    assert.equal(lock(3, 6), 0);
    assert.deepEqual(flags(), [
      [1, 3, 0],
      [3, 4, LOCKED],
      [5, 6, LOCKED],
      [6, 8, 0],
      [9, 10, 0],
    ]);
    assert.equal(lock(0, 9, 0), 0);
    assert.deepEqual(flags(), [
      [1, 4, 0],
      [5, 8, 0],
      [9, 10, 0],
    ]);
  });

  it("end where a region begins", () => {
    user.map(1, 2);
    user.map(3, 4);
    assert.equal(lock(1, 3), 0);
    assert.equal(locked(), 1);
    assert.equal(locked(3, 4), 0);
  });

  it("are counted, of a range those within it", () => {
    user.map(1, 8);
    assert.equal(locked(), 0);
    lock(2, 5);
    lock(6, 7);
    assert.equal(locked(), 4);
    assert.equal(locked(3, 4), 1);
    assert.equal(locked(4, 7), 2);
    assert.equal(locked(0, 2), 0);
    assert.equal(locked(2, 3), 1);
    assert.equal(locked(1, 6), 3);
  });

  it("are not inherited", () => {
    user.map(1, 3);
    lock(1, 3);
    const child = machine.address("fork", user.space);
    assert.equal(locked(0, 9, child), 0);
    assert.equal(locked(), 2);
  });

  it("are none without memory to split a region", () => {
    user.map(1, 6);
    user.leaveNoRecords();
    assert.equal(lock(2, 6), ENOMEM);
    assert.equal(lock(1, 3), ENOMEM);
    assert.equal(locked(), 0);
  });
});

describe("what is mapped later", () => {
  it("is locked if the space says so", () => {
    machine.call("setFutureFlags", user.space, LOCKED);
    user.map(1, 3);
    machine.call("setFutureFlags", user.space, 0);
    user.map(4, 6);
    assert.deepEqual(flags(), [
      [1, 3, LOCKED],
      [4, 6, 0],
    ]);
  });
});
