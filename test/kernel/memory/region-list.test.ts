import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import { USER_SPACE, UserSpace } from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  import * as lists from "./kernel/memory/region-list";
  function list(record: usize): lists.RegionList { return changetype<lists.RegionList>(record); }
  export function createList(): usize { return changetype<usize>(lists.createRegionList()); }
  export function count(record: usize): u32 { return list(record).count; }
  export function atIndex(record: usize, index: u32): usize {
    return changetype<usize>(list(record).at(index));
  }
  export function reserve(record: usize, more: u32): bool { return list(record).reserve(more); }
  export function add(record: usize, from: usize, to: usize): usize {
    const region = regionFile.createRegion(at(0), from, to, 1, 0)!;
    list(record).add(region);
    return changetype<usize>(region);
  }
  export function find(record: usize, address: usize): usize {
    return changetype<usize>(list(record).find(address));
  }
  export function firstEndingAfter(record: usize, address: usize): u32 {
    return list(record).firstEndingAfter(address);
  }
  export function remove(record: usize, index: u32, count: u32): void {
    list(record).remove(index, count);
  }
  export function join(record: usize, index: u32, end: usize): void {
    list(record).join(index, end);
  }
  export function releaseList(record: usize): void { list(record).release(); }
`);

let machine: Machine;
let user: UserSpace;
let list = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
/** Adds a region of one page at each of these pages. */
const add = (...pages: number[]) => {
  assert.equal(call("reserve", list, pages.length), 1);
  return pages.map((page) => call("add", list, page * PAGE, (page + 1) * PAGE));
};
const pages = () =>
  Array.from({ length: call("count", list) }, (_, i) => {
    return call("startOf", call("atIndex", list, i)) / PAGE;
  });

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
  list = call("createList");
});

describe("a list of regions", () => {
  it("is empty at first", () => {
    assert.deepEqual(pages(), []);
    assert.equal(call("find", list, PAGE), 0);
    assert.equal(call("firstEndingAfter", list, PAGE), 0);
  });

  it("is none without memory", () => {
    user.leaveFrames(0);
    const made = Array.from({ length: 300 }, () => call("createList"));
    assert.equal(made.at(-1), 0);
  });

  it("is in the order of addresses, whatever order they come in", () => {
    add(5, 1, 9, 3, 7);
    assert.deepEqual(pages(), [1, 3, 5, 7, 9]);
  });

  it("finds the region of each address, and none between them", () => {
    const regions = add(2, 4, 6, 8);
    for (const order of [
      [2, 4, 6, 8],
      [8, 6, 4, 2],
      [4, 4, 8, 2],
    ]) {
      for (const page of order) {
        assert.equal(call("find", list, page * PAGE), regions[page / 2 - 1]);
        assert.equal(call("find", list, page * PAGE + PAGE - 1), regions[page / 2 - 1]);
      }
    }
    for (const page of [1, 3, 5, 7, 9]) assert.equal(call("find", list, page * PAGE), 0);
  });

  it("knows the first region that ends after an address", () => {
    add(2, 4, 6);
    const indices = [0, 1, 2, 3, 4, 5, 6, 7, 100].map((page) =>
      call("firstEndingAfter", list, page * PAGE),
    );
    assert.deepEqual(indices, [0, 0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it("forgets what it found last when that goes", () => {
    add(2, 4);
    assert.notEqual(call("find", list, 4 * PAGE), 0);
    call("remove", list, 1, 1);
    assert.equal(call("find", list, 4 * PAGE), 0);
  });

  it("loses what is removed, and keeps the rest", () => {
    add(1, 2, 3, 4, 5, 6);
    call("remove", list, 1, 3);
    assert.deepEqual(pages(), [1, 5, 6]);
    call("remove", list, 2, 1);
    assert.deepEqual(pages(), [1, 5]);
    call("remove", list, 0, 0);
    assert.deepEqual(pages(), [1, 5]);
  });

  it("makes one of neighbours that say the same, and keeps the rest", () => {
    const [first] = add(1, 2, 3, 5, 6, 8);
    assert.notEqual(call("find", list, 2 * PAGE), first);
    call("join", list, 0, 9 * PAGE);
    assert.deepEqual(pages(), [1, 5, 8]);
    assert.equal(call("find", list, 2 * PAGE), first);
    assert.equal(call("find", list, 4 * PAGE), 0);
    assert.equal(call("find", list, 6 * PAGE), call("atIndex", list, 1));
  });

  it("joins from an index on, as far as the first of two ends by an address", () => {
    add(1, 2, 3, 4, 5);
    call("join", list, 1, 3 * PAGE);
    assert.deepEqual(pages(), [1, 2, 4, 5]);
    call("join", list, 4, 9 * PAGE);
    assert.deepEqual(pages(), [1, 2, 4, 5]);
  });

  it("joins nothing where nothing says the same", () => {
    add(1, 3, 5);
    call("join", list, 0, 9 * PAGE);
    assert.deepEqual(pages(), [1, 3, 5]);
  });

  it("grows, and keeps what it has", () => {
    const many = Array.from({ length: 100 }, (_, i) => 2 * i + 1);
    for (const page of many) add(page);
    assert.deepEqual(pages(), many);
    assert.equal(call("find", list, 199 * PAGE), call("atIndex", list, 99));
  });

  it("needs memory to grow, and none for what was reserved", () => {
    assert.equal(call("reserve", list, 16), 1);
    user.leaveFrames(0);
    assert.equal(call("reserve", list, 16), 1);
    assert.equal(call("reserve", list, 5000), 0);
    assert.deepEqual(pages(), []);
  });

  it("keeps what it has when it cannot grow", () => {
    add(1, 2);
    user.leaveFrames(0);
    assert.equal(call("reserve", list, 5000), 0);
    assert.deepEqual(pages(), [1, 2]);
  });

  it("has at most as many regions as on Linux", () => {
    assert.equal(call("reserve", list, 65530), 1);
    assert.equal(call("reserve", list, 65531), 0);
    add(1);
    assert.equal(call("reserve", list, 65530), 0);
    assert.equal(call("reserve", list, 65529), 1);
  });

  it("gives everything back", () => {
    const before = user.taken();
    const other = call("createList");
    call("reserve", other, 1000);
    call("add", other, PAGE, 2 * PAGE);
    call("releaseList", other);
    assert.equal(user.taken(), before);
  });
});
