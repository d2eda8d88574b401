import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FAULT_WRITE } from "../../../src/abi/paging";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import {
  EINVAL,
  ENOMEM,
  LOCKED,
  NOT_INHERITED,
  READ,
  SHARED,
  USER_SPACE,
  UserSpace,
  WIPED,
  WRITE,
} from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  import { adviseRange, isAdvice } from "./kernel/memory/advise-range";
  export function advise(space: usize, from: usize, to: usize, advice: u32): i32 {
    return adviseRange(at(space), from, to, advice);
  }
  export function isKnown(advice: u32): bool { return isAdvice(advice); }
`);

const [DONTNEED, FREE, REMOVE, DONTFORK, DOFORK] = [4, 8, 9, 10, 11] as const;
const [WIPEONFORK, KEEPONFORK, WILLNEED] = [18, 19, 3] as const;
const EOPNOTSUPP = -95;
let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const advise = (from: number, to: number, advice: number) =>
  machine.call("advise", user.space, from * PAGE, to * PAGE, advice);
const present = (...pages: number[]) => pages.filter((page) => user.entry(page * PAGE) !== 0);
const flags = () => user.regions().map(({ from, to, flags }) => [from, to, flags]);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("pages that a program does not need", () => {
  it("are given back, those and no others", () => {
    user.map(1, 6);
    for (const page of [1, 2, 3, 4, 5]) user.touch(page, FAULT_WRITE);
    assert.equal(advise(2, 4, DONTNEED), 0);
    assert.deepEqual(present(1, 2, 3, 4, 5), [1, 4, 5]);
    assert.equal(advise(4, 5, FREE), 0);
    assert.deepEqual(present(1, 2, 3, 4, 5), [1, 5]);
    assert.deepEqual(user.ranges(), [[1, 6]]);
  });

  it("are given back on both sides of a hole, which is reported", () => {
    user.map(2, 4);
    user.map(6, 8);
    for (const page of [2, 3, 6, 7]) user.touch(page, FAULT_WRITE);
    assert.equal(advise(3, 7, DONTNEED), ENOMEM);
    assert.deepEqual(present(2, 3, 6, 7), [2, 7]);
  });

  it("may begin or end in a hole", () => {
    user.map(4, 6);
    for (const page of [4, 5]) user.touch(page, FAULT_WRITE);
    assert.equal(advise(2, 5, DONTNEED), ENOMEM);
    assert.deepEqual(present(4, 5), [5]);
    assert.equal(advise(5, 9, DONTNEED), ENOMEM);
    assert.deepEqual(present(4, 5), []);
    assert.equal(advise(1, 3, DONTNEED), ENOMEM);
    assert.equal(advise(8, 9, DONTNEED), ENOMEM);
  });

  it("stay in the object, if they are one's", () => {
    const object = call("createObject", 2);
    user.show(object, 1, 3, READ | WRITE, SHARED);
    user.touch(1, FAULT_WRITE);
    assert.equal(advise(1, 2, DONTNEED), 0);
    assert.notEqual(call("frameOfObject", object, 0), 0);
    assert.deepEqual(present(1), []);
  });
});

describe("advice that a region cannot have", () => {
  it("is to free an object's pages, or to wipe them", () => {
    const object = call("createObject", 2);
    user.show(object, 1, 3, READ | WRITE);
    user.show(object, 5, 6, READ | WRITE, SHARED);
    user.map(7, 8, READ | WRITE, SHARED);
    for (const page of [1, 5, 7]) {
      assert.equal(advise(page, page + 1, FREE), EINVAL);
      assert.equal(advise(page, page + 1, WIPEONFORK), EINVAL);
    }
  });

  it("is to give back what is locked", () => {
    user.map(1, 3, READ | WRITE, LOCKED);
    user.touch(1, FAULT_WRITE);
    assert.equal(advise(1, 3, DONTNEED), EINVAL);
    assert.equal(advise(1, 3, FREE), EINVAL);
    assert.deepEqual(present(1, 2), [1]);
  });

  it("is to remove pages", () => {
    const object = call("createObject", 2);
    user.show(object, 1, 3, READ | WRITE);
    user.show(object, 5, 6, READ | WRITE, SHARED);
    user.map(7, 8, READ | WRITE, SHARED);
    assert.deepEqual(
      [1, 5, 7].map((page) => advise(page, page + 1, REMOVE)),
      [EINVAL, EOPNOTSUPP, EINVAL],
    );
  });
});

describe("what a fork shall do with a range", () => {
  it("is noted for the range alone, and taken back", () => {
    for (const [set, clear, flag] of [
      [DONTFORK, DOFORK, NOT_INHERITED],
      [WIPEONFORK, KEEPONFORK, WIPED],
    ] as const) {
      user.map(1, 6);
      assert.equal(advise(2, 4, set), 0);
      assert.deepEqual(flags(), [
        [1, 2, 0],
        [2, 4, flag],
        [4, 6, 0],
      ]);
      assert.equal(advise(1, 6, clear), 0);
      assert.deepEqual(flags(), [[1, 6, 0]]);
    }
  });

  it("is refused without memory to split a region", () => {
    user.map(1, 6);
    user.leaveNoRecords();
    assert.equal(advise(2, 6, DONTFORK), ENOMEM);
    assert.equal(advise(1, 2, DONTFORK), ENOMEM);
  });
});

describe("other advice", () => {
  it("changes nothing", () => {
    user.map(1, 3);
    user.touch(1, FAULT_WRITE);
    assert.equal(advise(1, 3, WILLNEED), 0);
    assert.deepEqual(present(1, 2), [1]);
  });

  it("is known or not", () => {
    const known = Array.from({ length: 30 }, (_, advice) => advice).filter((advice) =>
      call("isKnown", advice),
    );
    assert.deepEqual(known, [0, 1, 2, 3, 4, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21]);
  });
});
