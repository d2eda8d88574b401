import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FAULT_WRITE } from "../../../src/abi/paging";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import {
  EXECUTE,
  GROWS_DOWN,
  READ,
  STACK_GAP,
  USER_END,
  USER_SPACE,
  UserSpace,
  WIPED,
  WRITE,
} from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  import { moveBreak } from "./kernel/memory/heap-break";
  export function place(space: usize, address: usize): void {
    at(space).breakStart = address;
    at(space).breakEnd = address;
  }
  export function brk(space: usize, end: usize): usize { return moveBreak(at(space), end); }
`);

const BASE = 0x100;
const START = BASE * PAGE;
let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const brk = (end: number) => call("brk", user.space, end);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
  call("place", user.space, START);
});

describe("the heap of a space", () => {
  it("is empty at first", () => {
    assert.equal(brk(0), START);
    assert.equal(brk(START), START);
    assert.deepEqual(user.regions(), []);
  });

  it("ends with the page of the end that is asked for", () => {
    for (const [size, pages] of [
      [1, 1],
      [PAGE, 1],
      [PAGE + 1, 2],
      [5 * PAGE, 5],
      [PAGE + 1, 2],
    ] as const) {
      assert.equal(brk(START + size), START + size);
      assert.deepEqual(user.regions(), [
        { from: BASE, to: BASE + pages, rights: READ | WRITE, flags: 0 },
      ]);
    }
    assert.equal(brk(START), START);
    assert.deepEqual(user.regions(), []);
  });

  it("does not end before its start, or after user space", () => {
    brk(START + PAGE);
    assert.equal(brk(START - 1), START + PAGE);
    assert.equal(brk(USER_END + 1), START + PAGE);
    assert.equal(brk(0xffffffff), START + PAGE);
    assert.equal(brk(USER_END), USER_END);
  });

  it("grows up to what is there", () => {
    user.map(BASE + 4, BASE + 5, READ);
    assert.equal(brk(START + 4 * PAGE + 1), START);
    assert.equal(brk(START + 4 * PAGE), START + 4 * PAGE);
  });

  it("leaves a gap below a stack", () => {
    const stack = BASE + 4 + STACK_GAP / PAGE;
    user.map(stack, stack + 1, READ | WRITE, GROWS_DOWN);
    assert.equal(brk(START + 4 * PAGE + 1), START);
    assert.equal(brk(START + 4 * PAGE), START + 4 * PAGE);
  });

  it("continues anonymous memory that ends where it begins", () => {
    user.map(BASE - 1, BASE);
    brk(START + PAGE);
    assert.deepEqual(user.ranges(), [[BASE - 1, BASE + 1]]);
  });

  it("continues nothing else", () => {
    for (const [rights, flags, object] of [
      [READ | EXECUTE, 0, 0],
      [READ | WRITE, WIPED, 0],
      [READ | WRITE, 0, call("createObject", 9)],
    ] as const) {
      user.show(object, BASE - 1, BASE, rights, flags);
      brk(START + PAGE);
      assert.deepEqual(user.ranges(), [
        [BASE - 1, BASE],
        [BASE, BASE + 1],
      ]);
      brk(START);
    }
  });

  it("gives back the pages past a lower end, and no others", () => {
    brk(START + 3 * PAGE);
    for (const page of [0, 1, 2]) user.touch(BASE + page, FAULT_WRITE);
    const before = user.taken();
    brk(START + PAGE + 1);
    assert.equal(user.taken(), before - 1);
    assert.deepEqual(
      [0, 1, 2].map((page) => user.entry(START + page * PAGE) !== 0),
      [true, true, false],
    );
  });

  it("stays within the limits", () => {
    brk(START + PAGE);
    call("setLimits", user.space, 0, 0xffffffff, 2 * PAGE);
    assert.equal(brk(START + 3 * PAGE), START + PAGE);
    assert.equal(brk(START + 2 * PAGE), START + 2 * PAGE);
  });

  it("stays as it is without memory", () => {
    user.leaveNoRecords();
    assert.equal(brk(START + PAGE), START);
  });

  it("does not shrink if there is no memory to split what was joined to it", () => {
    brk(START + 3 * PAGE);
    user.map(BASE + 3, BASE + 4);
    user.leaveNoRecords();
    assert.equal(brk(START + PAGE), START + 3 * PAGE);
  });
});
