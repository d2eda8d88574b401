import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOOT_PAGES, type Machine, machineFor, PAGE } from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import { freeRegion, newRegion, Region } from "./kernel/memory/region";
  export { freeFrameCount } from "./kernel/memory/frames";
  export { allocatePages } from "./kernel/memory/pages";
  export function create(from: usize, to: usize, rights: u32, kind: u32): usize {
    return changetype<usize>(newRegion(from, to, rights, kind));
  }
  export function release(region: usize): void { freeRegion(changetype<Region>(region)); }
  export function contains(region: usize, address: usize): bool {
    return changetype<Region>(region).contains(address);
  }
`);

/** Where a region's record has its words. */
const FIELDS = { next: 0, start: 4, end: 8, rights: 12, kind: 16 };
let machine: Machine;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);

describe("a region", () => {
  beforeEach(() => {
    machine = start();
    call("start", 16);
  });

  it("holds what it was made of, and is in no list", () => {
    const region = call("create", 0x1000, 0x3000, 5, 2);
    const words = Object.values(FIELDS).map((offset) => machine.word(region + offset));
    assert.deepEqual(words, [0, 0x1000, 0x3000, 5, 2]);
  });

  it("contains its first and last byte, and neither of its neighbours", () => {
    const region = call("create", 0x1000, 0x3000, 0, 0);
    const inside = [0xfff, 0x1000, 0x2fff, 0x3000].map((at) => call("contains", region, at));
    assert.deepEqual(inside, [0, 1, 1, 0]);
    assert.equal(call("contains", region, 0xfffffff0), 0);
  });

  it("contains nothing while it is empty", () => {
    const region = call("create", 0x1000, 0x1000, 0, 0);
    assert.equal(call("contains", region, 0x1000), 0);
  });

  it("is none when there is no memory", () => {
    call("allocatePages", call("freeFrameCount"));
    assert.equal(call("create", PAGE, 2 * PAGE, 0, 0), 0);
  });

  it("gives its memory back", () => {
    const before = call("freeFrameCount");
    call("release", call("create", 0x1000, 0x3000, 0, 0));
    assert.equal(call("freeFrameCount"), before);
  });
});
