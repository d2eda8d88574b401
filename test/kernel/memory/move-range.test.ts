import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FAULT_WRITE } from "../../../src/abi/paging";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import {
  EFAULT,
  EINVAL,
  ENOMEM,
  GROWS_DOWN,
  READ,
  SHARED,
  STACK_GAP,
  STACK_LIMIT,
  USER_END,
  USER_SPACE,
  UserSpace,
  WRITE,
} from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  import { moveRange } from "./kernel/memory/move-range";
  export function move(
    space: usize, from: usize, old: u32, now: u32, flags: u32, to: usize,
  ): i32 {
    return moveRange(at(space), from, old, now, flags, to);
  }
`);

const [MAY_MOVE, FIXED, KEEP] = [1, 2, 4] as const;
const TOP = (USER_END - STACK_LIMIT - 2 ** 20 - STACK_GAP) / PAGE;
let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
/** In pages; so is the result, unless it is an error. */
function move(from: number, old: number, now: number, flags = 0, to = 0): number {
  const result = machine.call(
    "move",
    user.space,
    from * PAGE,
    old * PAGE,
    now * PAGE,
    flags,
    to * PAGE,
  );
  return result < 0 && result > -4096 ? result : (result >>> 0) / PAGE;
}
const moveBytes = (from: number, old: number, now: number, flags = 0, to = 0) =>
  machine.call("move", user.space, from, old, now, flags, to);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("a range that is resized in place", () => {
  it("becomes smaller from its end", () => {
    user.map(4, 9);
    for (const page of [5, 6, 7]) user.touch(page, FAULT_WRITE);
    assert.equal(move(5, 3, 1), 5);
    assert.deepEqual(user.ranges(), [
      [4, 6],
      [8, 9],
    ]);
    assert.equal(move(4, 2, 2), 4);
  });

  it("becomes larger if what follows is free", () => {
    user.map(4, 6);
    user.map(9, 10);
    assert.equal(move(4, 2, 5), 4);
    assert.deepEqual(user.ranges(), [[4, 10]]);
    user.map(12, 13, READ);
    assert.equal(move(4, 6, 9), ENOMEM);
    assert.equal(move(4, 6, 8), 4);
  });

  it("counts whole pages", () => {
    user.map(4, 6);
    assert.equal(moveBytes(4 * PAGE, PAGE + 1, 2 * PAGE + 1), 4 * PAGE);
    assert.deepEqual(user.ranges(), [[4, 7]]);
  });

  it("does not grow from the middle of a region", () => {
    user.map(4, 6);
    assert.equal(move(4, 1, 2), ENOMEM);
  });

  it("stays within the limits", () => {
    user.map(4, 6);
    call("setLimits", user.space, 0, 3 * PAGE, 0xffffffff);
    assert.equal(move(4, 2, 4), ENOMEM);
    assert.equal(move(4, 2, 3), 4);
  });
});

describe("a range that moves", () => {
  it("takes its pages and its object along", () => {
    const object = call("createObject", 20);
    user.show(object, 4, 8, READ | WRITE, 0, 3);
    user.map(8, 9, READ);
    user.touch(5, FAULT_WRITE);
    user.write(5 * PAGE, "moved\0");
    const frame = user.frame(5 * PAGE);
    const to = move(5, 2, 4, MAY_MOVE);
    assert.equal(to, TOP - 4);
    assert.equal(user.frame(to * PAGE), frame);
    assert.equal(user.text(to * PAGE), "moved");
    assert.deepEqual(user.ranges(), [
      [4, 5],
      [7, 8],
      [8, 9],
      [to, to + 4],
    ]);
    assert.equal(call("pageOf", call("findRegion", user.space, to * PAGE)), 4);
    assert.equal(call("objectReferences", object), 4);
  });

  it("moves only if it may", () => {
    user.map(4, 6);
    user.map(6, 7, READ);
    assert.equal(move(4, 2, 3), ENOMEM);
    assert.equal(move(4, 2, 3, MAY_MOVE), TOP - 3);
  });

  it("moves only if there is room", () => {
    user.map(4, 6);
    user.map(6, 7, READ);
    user.map(16, USER_END / PAGE, READ);
    assert.equal(move(4, 2, 3, MAY_MOVE), ENOMEM);
  });

  it("is no stack any more", () => {
    user.map(100, 102, READ | WRITE, GROWS_DOWN);
    user.map(102, 103, READ);
    const to = move(100, 2, 3, MAY_MOVE);
    assert.equal(user.regions().find(({ from }) => from === to)?.flags, 0);
  });

  it("stays where it is without memory", () => {
    user.map(4, 9);
    user.map(9, 10, READ);
    user.touch(4, FAULT_WRITE);
    user.leaveNoRecords();
    const before = user.ranges();
    assert.equal(move(4, 5, 6, MAY_MOVE), ENOMEM);
    assert.equal(move(5, 4, 6, MAY_MOVE), ENOMEM);
    assert.equal(move(4, 4, 6, MAY_MOVE), ENOMEM);
    assert.deepEqual(user.ranges(), before);
    assert.notEqual(user.entry(4 * PAGE), 0);
  });

  it("stays where it is without memory for a page table", () => {
    user.map(4, 9);
    user.map(9, 10, READ);
    user.touch(4, FAULT_WRITE);
    const before = user.ranges();
    const results = user.withFewFrames(
      () => move(4, 5, 6, MAY_MOVE),
      (result) => {
        if (result < 0) assert.deepEqual(user.ranges(), before);
        return result > 0;
      },
    );
    assert.ok(results.length > 1);
    assert.equal(user.regions().length, 2);
  });
});

describe("a range that moves to a place that is named", () => {
  const to = 0x200;

  it("takes the place of what is there", () => {
    user.map(4, 8);
    user.map(to + 1, to + 9, READ);
    user.touch(5, FAULT_WRITE);
    const frame = user.frame(5 * PAGE);
    assert.equal(move(4, 4, 4, MAY_MOVE | FIXED, to), to);
    assert.equal(user.frame((to + 1) * PAGE), frame);
    assert.deepEqual(user.ranges(), [
      [to, to + 4],
      [to + 4, to + 9],
    ]);
  });

  it("may become smaller or larger", () => {
    user.map(4, 8);
    assert.equal(move(4, 4, 2, MAY_MOVE | FIXED, to), to);
    assert.deepEqual(user.ranges(), [[to, to + 2]]);
    assert.equal(move(to, 2, 5, MAY_MOVE | FIXED, 0x300), 0x300);
    assert.deepEqual(user.ranges(), [[0x300, 0x305]]);
  });

  it("must not overlap its old place", () => {
    user.map(4, 8);
    assert.equal(move(4, 4, 4, MAY_MOVE | FIXED, 7), EINVAL);
    assert.equal(move(4, 4, 4, MAY_MOVE | FIXED, 1), EINVAL);
    assert.equal(move(4, 4, 4, MAY_MOVE | FIXED, 4), EINVAL);
    assert.equal(move(4, 4, 4, MAY_MOVE | FIXED, 8), 8);
    assert.equal(move(8, 4, 4, MAY_MOVE | FIXED, 4), 4);
  });

  it("must be in user space, and whole pages", () => {
    user.map(4, 8);
    const end = USER_END / PAGE;
    assert.equal(moveBytes(4 * PAGE, PAGE, PAGE, MAY_MOVE | FIXED, 0x20_0001), EINVAL);
    assert.equal(move(4, 4, 4, MAY_MOVE | FIXED, end - 3), EINVAL);
    assert.equal(move(4, 1, end + 1, MAY_MOVE | FIXED, to), EINVAL);
    assert.equal(move(4, 1, 1, MAY_MOVE | FIXED, 0), EINVAL);
    assert.equal(move(4, 4, 4, MAY_MOVE | FIXED, end - 4), end - 4);
    assert.equal(move(end - 4, end, 4, MAY_MOVE | FIXED, to), EINVAL);
  });

  it("fails where growing fails, or memory does", () => {
    user.map(4, 6);
    assert.equal(move(4, 3, 4, MAY_MOVE | FIXED, to), EFAULT);
    user.map(to, to + 9, READ);
    user.map(0x300, 0x304);
    user.leaveNoRecords();
    assert.equal(move(4, 2, 2, MAY_MOVE | FIXED, to + 1), ENOMEM);
    assert.equal(move(0x300, 3, 2, MAY_MOVE | FIXED, 4), ENOMEM);
  });

  it("may leave its old place empty, but mapped", () => {
    user.map(4, 8);
    user.touch(5, FAULT_WRITE);
    const frame = user.frame(5 * PAGE);
    assert.equal(move(4, 4, 4, MAY_MOVE | KEEP), TOP - 4);
    assert.equal(user.frame((TOP - 3) * PAGE), frame);
    assert.equal(user.entry(5 * PAGE), 0);
    assert.deepEqual(user.ranges(), [
      [4, 8],
      [TOP - 4, TOP],
    ]);
  });

  it("finds no room if there is none", () => {
    user.map(4, 8);
    user.map(16, USER_END / PAGE, READ);
    assert.equal(move(4, 4, 4, MAY_MOVE | KEEP), ENOMEM);
  });
});

describe("a second view", () => {
  it("is what an old size of 0 asks for, of shared memory alone", () => {
    const object = call("createObject", 9);
    user.show(object, 4, 8, READ | WRITE, SHARED, 1);
    user.map(10, 12);
    const to = move(5, 0, 2, MAY_MOVE);
    assert.equal(to, TOP - 2);
    assert.equal(call("pageOf", call("findRegion", user.space, to * PAGE)), 2);
    assert.equal(call("findRegion", user.space, 5 * PAGE) !== 0, true);
    assert.equal(move(10, 0, 2, MAY_MOVE), EINVAL);
  });
});

describe("a call that makes no sense", () => {
  beforeEach(() => {
    user.map(4, 8);
  });

  it("has flags that do not exist or do not fit", () => {
    assert.equal(move(4, 2, 2, 8), EINVAL);
    assert.equal(move(4, 2, 2, FIXED, 0x200), EINVAL);
    assert.equal(move(4, 2, 2, KEEP), EINVAL);
    assert.equal(move(4, 2, 3, KEEP | MAY_MOVE), EINVAL);
    assert.equal(move(4, 2, 2, 0), 4);
  });

  it("has no whole pages, or no new size", () => {
    assert.equal(moveBytes(4 * PAGE + 1, PAGE, PAGE), EINVAL);
    assert.equal(move(4, 2, 0), EINVAL);
  });

  it("is about what is not mapped", () => {
    assert.equal(move(9, 2, 2), EFAULT);
    assert.equal(move(6, 3, 4), EFAULT);
    assert.equal(moveBytes(4 * PAGE, 0xfffff000, PAGE), EINVAL);
  });

  it("is about more than an object can have", () => {
    const object = call("createObject", 9);
    const last = 0xffffffff;
    call("unmap", user.space, 4 * PAGE, 8 * PAGE);
    machine.call("map", user.space, 4 * PAGE, 5 * PAGE, READ, SHARED, object, last, 0);
    assert.equal(move(4, 1, 2), EINVAL);
    machine.call("map", user.space, 7 * PAGE, 8 * PAGE, READ, SHARED, object, last - 2, 0);
    assert.equal(move(7, 1, 2), 7);
  });

  it("has no memory to split a region for it", () => {
    user.leaveNoRecords();
    assert.equal(move(5, 2, 1), ENOMEM);
  });
});
