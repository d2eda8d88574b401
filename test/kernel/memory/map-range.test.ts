import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FAULT_WRITE } from "../../../src/abi/paging";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import {
  EACCES,
  EINVAL,
  ENOMEM,
  EPERM,
  EXECUTE,
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
  export function findRoom(space: usize, hint: usize, size: usize): usize {
    return maps.findRoom(at(space), hint, size);
  }
  export function isFree(space: usize, from: usize, size: usize): bool {
    return maps.isFree(at(space), from, size);
  }
  export function isMapped(space: usize, from: usize, to: usize): bool {
    return maps.isMapped(at(space), from, to);
  }
  export function countPages(space: usize, onlyData: bool): u32 {
    return maps.countPages(at(space), onlyData);
  }
`);

const TOP = USER_END - STACK_LIMIT - 2 ** 20 - STACK_GAP;
const ALL = 0xffffffff;
let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const mapBytes = (from: number, to: number, rights: number = READ | WRITE) =>
  machine.call("map", user.space, from, to, rights, 0, 0, 0, 0);
const unmap = (from: number, to: number) =>
  machine.call("unmap", user.space, from * PAGE, to * PAGE);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("a range that is mapped", () => {
  it("must have whole pages, and be in order", () => {
    assert.equal(mapBytes(PAGE + 1, 2 * PAGE), EINVAL);
    assert.equal(mapBytes(PAGE, 2 * PAGE + 1), EINVAL);
    assert.equal(mapBytes(2 * PAGE, 2 * PAGE), EINVAL);
    assert.equal(mapBytes(3 * PAGE, 2 * PAGE), EINVAL);
  });

  it("must not hold page 0", () => {
    assert.equal(mapBytes(0, PAGE), EPERM);
    assert.equal(mapBytes(PAGE, 2 * PAGE), 0);
  });

  it("may end where user space does, and not after it", () => {
    assert.equal(mapBytes(USER_END - PAGE, USER_END + PAGE), EINVAL);
    assert.equal(mapBytes(USER_END - PAGE, USER_END), 0);
  });

  it("must not be writable and executable", () => {
    assert.equal(mapBytes(PAGE, 2 * PAGE, READ | WRITE | EXECUTE), EACCES);
    assert.equal(mapBytes(PAGE, 2 * PAGE, WRITE | EXECUTE), EACCES);
    assert.equal(mapBytes(PAGE, 2 * PAGE, READ | WRITE), 0);
    assert.equal(mapBytes(2 * PAGE, 3 * PAGE, READ | EXECUTE), 0);
  });

  it("takes the place of what was there, pages included", () => {
    user.map(1, 6);
    for (const page of [1, 2, 4, 5]) user.touch(page, FAULT_WRITE);
    assert.equal(user.map(2, 5, READ), 0);
    assert.deepEqual(user.ranges(), [
      [1, 2],
      [2, 5],
      [5, 6],
    ]);
    assert.deepEqual(
      [1, 2, 4, 5].map((page) => user.entry(page * PAGE) !== 0),
      [true, false, false, true],
    );
  });

  it("becomes one with neighbours that say the same", () => {
    user.map(1, 2);
    user.map(3, 4);
    user.map(2, 3);
    assert.deepEqual(user.ranges(), [[1, 4]]);
    user.map(4, 5, READ);
    user.map(6, 7);
    assert.deepEqual(user.ranges(), [
      [1, 4],
      [4, 5],
      [6, 7],
    ]);
  });

  it("shows the object's pages from the one that is asked for", () => {
    const object = call("createObject", 9);
    user.show(object, 4, 6, READ, SHARED, 3, machine.part.area);
    const region = call("findRegion", user.space, 5 * PAGE);
    assert.deepEqual(
      [call("objectOf", region), call("pageOf", region), call("fileOf", region)],
      [object, 3, machine.part.area],
    );
  });

  it("changes nothing when there is no memory", () => {
    user.map(1, 9);
    user.touch(4, FAULT_WRITE);
    const object = call("createObject", 9);
    const giveBack = user.leaveNoRecords();
    const show = machine.call("map", user.space, 3 * PAGE, 5 * PAGE, READ, 0, object, 0, 0);
    assert.equal(show, ENOMEM);
    assert.equal(user.map(3, 5, READ), ENOMEM);
    assert.notEqual(user.entry(4 * PAGE), 0);
    assert.equal(call("objectReferences", object), 1);
    giveBack();
    assert.deepEqual(user.ranges()[0], [1, 9]);
  });

  it("changes nothing when there is memory for the region but not for what is left", () => {
    user.map(1, 9);
    user.leaveNoRecords();
    // One record is free again: the new region's, not the one of the part past it.
    unmap(0x10000, 0x10001);
    const before = user.regions();
    assert.equal(user.map(3, 5, READ), ENOMEM);
    assert.deepEqual(user.regions(), before);
    assert.equal(user.map(3, 9, READ), 0);
  });
});

describe("a range that is unmapped", () => {
  it("may be nothing", () => {
    user.map(3, 4);
    assert.equal(unmap(1, 3), 0);
    assert.equal(unmap(4, 9), 0);
    assert.deepEqual(user.ranges(), [[3, 4]]);
  });

  it("takes away a part or all of each region", () => {
    for (const [from, to, left] of [
      [4, 8, []],
      [3, 9, []],
      [3, 5, [[5, 8]]],
      [4, 5, [[5, 8]]],
      [7, 9, [[4, 7]]],
      [7, 8, [[4, 7]]],
      [
        5,
        6,
        [
          [4, 5],
          [6, 8],
        ],
      ],
    ] as const) {
      user.map(4, 8);
      for (const page of [4, 5, 6, 7]) user.touch(page, FAULT_WRITE);
      assert.equal(unmap(from, to), 0);
      assert.deepEqual(user.ranges(), left, `${from} to ${to}`);
      const pages = [4, 5, 6, 7].filter((page) => user.entry(page * PAGE) !== 0);
      assert.deepEqual(
        pages,
        [4, 5, 6, 7].filter((page) => page < from || page >= to),
      );
      unmap(1, 9);
    }
  });

  it("may lie over several", () => {
    user.map(2, 4, READ);
    user.map(4, 6);
    user.map(8, 10, READ);
    unmap(3, 9);
    assert.deepEqual(user.ranges(), [
      [2, 3],
      [9, 10],
    ]);
  });

  it("leaves the rest of an object where it was", () => {
    const object = call("createObject", 9);
    user.show(object, 2, 8, READ, SHARED, 1);
    unmap(4, 5);
    unmap(2, 3);
    const pages = [3, 5].map((page) => {
      const region = call("findRegion", user.space, page * PAGE);
      return [call("startOf", region) / PAGE, call("pageOf", region)];
    });
    assert.deepEqual(pages, [
      [3, 2],
      [5, 4],
    ]);
    assert.equal(call("objectReferences", object), 3);
  });

  it("needs memory only to leave two parts", () => {
    user.map(2, 8);
    const giveBack = user.leaveNoRecords();
    assert.equal(unmap(4, 5), ENOMEM);
    assert.deepEqual(user.ranges()[0], [2, 8]);
    assert.equal(unmap(6, 8), 0);
    assert.equal(unmap(2, 3), 0);
    assert.deepEqual(user.ranges()[0], [3, 6]);
    giveBack();
  });
});

describe("room for a range", () => {
  const find = (pages: number, hint = 0) => call("findRoom", user.space, hint, pages * PAGE);
  const mapAt = (from: number, to: number, flags = 0) =>
    assert.equal(user.map(from / PAGE, to / PAGE, READ | WRITE, flags), 0);

  it("is as high as possible, below where the stack may come", () => {
    assert.equal(find(3), TOP - 3 * PAGE);
    mapAt(TOP - 3 * PAGE, TOP);
    assert.equal(find(2), TOP - 5 * PAGE);
  });

  it("is in the first gap that is large enough", () => {
    mapAt(TOP - 4 * PAGE, TOP - 2 * PAGE);
    assert.equal(find(2), TOP - 2 * PAGE);
    assert.equal(find(3), TOP - 7 * PAGE);
  });

  it("is at the hint if that is free", () => {
    mapAt(0x100000, 0x102000);
    assert.equal(find(2, 0x200000), 0x200000);
    assert.equal(find(1, 0x101000), TOP - PAGE);
    assert.equal(find(2, 0xff000), TOP - 2 * PAGE);
    assert.equal(find(1, 0xff000), 0xff000);
    assert.equal(find(1, 0xf000), TOP - PAGE, "too near to a null pointer");
    assert.equal(find(1, 0x10000), 0x10000);
  });

  it("is above, where nothing is left below", () => {
    mapAt(0x10000, TOP);
    assert.equal(find(1), USER_END - PAGE);
    mapAt(USER_END - PAGE, USER_END);
    assert.equal(find(1), USER_END - 2 * PAGE);
  });

  it("is left below a stack", () => {
    mapAt(TOP - PAGE, TOP, GROWS_DOWN);
    assert.equal(find(1), TOP - 2 * PAGE - STACK_GAP);
  });

  it("is none if nothing is large enough", () => {
    const pages = (TOP - 0x10000) / PAGE;
    mapAt(USER_END - PAGE, USER_END);
    assert.equal(find(pages), 0x10000);
    assert.equal(find((USER_END - 0x10000) / PAGE), 0);
    mapAt(0x10000, USER_END - PAGE);
    assert.equal(find(1), 0);
  });

  it("is none below the lowest address, whatever is there", () => {
    mapAt(0x1000, 0x2000);
    mapAt(0x10000, USER_END);
    assert.equal(find(1), 0);
    assert.equal(user.map(1, 16, READ | WRITE, GROWS_DOWN), 0);
    assert.equal(find(1), 0);
  });
});

describe("a free range", () => {
  const isFree = (from: number, pages: number) =>
    call("isFree", user.space, from * PAGE, pages * PAGE) === 1;

  it("lies between regions", () => {
    user.map(4, 6);
    assert.deepEqual(
      [
        [2, 2],
        [2, 3],
        [4, 1],
        [5, 1],
        [6, 5],
      ].map(([from = 0, pages = 0]) => isFree(from, pages)),
      [true, false, false, false, true],
    );
  });

  it("lies in user space", () => {
    const end = USER_END / PAGE;
    assert.ok(isFree(end - 2, 2));
    assert.ok(!isFree(end - 2, 3));
    assert.ok(!isFree(1, end));
    assert.ok(!isFree(1, 0xfffff));
  });

  it("leaves a stack its gap", () => {
    user.map(100, 101, READ, GROWS_DOWN);
    assert.ok(isFree(80, 4));
    assert.ok(!isFree(80, 5));
    unmap(100, 101);
    user.map(3, 4, READ, GROWS_DOWN);
    assert.ok(!isFree(1, 1), "the gap would begin below 0");
  });
});

describe("limits of a space", () => {
  it("count all pages, or those of data", () => {
    user.map(1, 3);
    user.map(4, 5, READ);
    user.map(6, 7, READ | WRITE, SHARED);
    user.map(8, 9, READ | WRITE, GROWS_DOWN);
    assert.equal(call("countPages", user.space, 0), 5);
    assert.equal(call("countPages", user.space, 1), 2);
  });

  it("refuse a page too many", () => {
    user.map(1, 3);
    call("setLimits", user.space, ALL, 4 * PAGE, ALL);
    assert.equal(user.map(10, 13), ENOMEM);
    assert.equal(user.map(10, 12), 0);
  });

  it("refuse data, and only data", () => {
    user.map(1, 3);
    user.map(5, 6, READ);
    call("setLimits", user.space, ALL, ALL, 4 * PAGE);
    assert.equal(user.map(10, 13), ENOMEM);
    assert.equal(user.map(20, 30, READ), 0);
    assert.equal(user.map(30, 40, READ | WRITE, SHARED), 0);
    assert.equal(user.map(10, 12), 0);
  });
});

describe("a mapped range", () => {
  it("has no hole", () => {
    user.map(2, 4);
    user.map(4, 6, READ);
    user.map(7, 8);
    const isMapped = (from: number, to: number) =>
      call("isMapped", user.space, from * PAGE, to * PAGE);
    assert.deepEqual(
      [isMapped(2, 6), isMapped(3, 5), isMapped(1, 3), isMapped(5, 8), isMapped(9, 9)],
      [1, 1, 0, 0, 1],
    );
  });
});
