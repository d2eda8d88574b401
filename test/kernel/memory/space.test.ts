import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ENTRY_RW, FAULT_WRITE } from "../../../src/abi/paging";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import {
  ENOMEM,
  NOT_INHERITED,
  READ,
  SHARED,
  STACK_LIMIT,
  USER_SPACE,
  UserSpace,
  WIPED,
  WRITE,
} from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  export function setCurrent(space: usize): void {
    spaces.setCurrentSpace(changetype<spaces.AddressSpace | null>(space));
  }
  export function current(): usize { return changetype<usize>(spaces.currentSpace); }
  export function setBreak(space: usize, from: usize, to: usize): void {
    at(space).breakStart = from;
    at(space).breakEnd = to;
  }
  export function breakStart(space: usize): usize { return at(space).breakStart; }
  export function breakEnd(space: usize): usize { return at(space).breakEnd; }
  export function stackLimit(space: usize): u32 { return at(space).stackLimit; }
  export function sizeLimit(space: usize): u32 { return at(space).sizeLimit; }
  export function dataLimit(space: usize): u32 { return at(space).dataLimit; }
`);

let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("a space", () => {
  it("has no regions at first, and Linux's limits", () => {
    assert.deepEqual(user.regions(), []);
    assert.equal(call("findRegion", user.space, PAGE), 0);
    const limits = ["stackLimit", "sizeLimit", "dataLimit"].map((name) => call(name, user.space));
    assert.deepEqual(limits, [STACK_LIMIT, 0xffffffff, 0xffffffff]);
  });

  it("gives everything back with its last reference", () => {
    user.map(1, 3);
    user.touch(1, FAULT_WRITE);
    user.touch(2);
    call("retain", user.space);
    call("release", user.space);
    assert.notEqual(user.entry(PAGE), 0);
    call("release", user.space);
    assert.equal(user.taken(), 0);
  });

  it("gives a region's object back", () => {
    const object = call("createObject", 2);
    user.show(object, 4, 6, READ, SHARED);
    user.touch(4);
    call("release", user.space);
    assert.equal(call("objectReferences", object), 1);
    call("releaseObject", object);
    assert.equal(user.taken(), 0);
  });

  it("is none without memory, and gives back what it got", () => {
    call("release", user.space);
    const before = user.taken();
    const results = user.withFewFrames(
      () => {
        const free = call("freeFrameCount");
        const made = call("createSpace");
        if (made === 0) {
          call("freeSpareTables");
          assert.equal(call("freeFrameCount"), free);
        }
        return made;
      },
      (made) => made !== 0,
    );
    assert.ok(results.length > 3, `it needs ${results.length} frames`);
    call("release", results.at(-1) ?? 0);
    assert.equal(user.taken(), before);
  });

  it("may be the current one, or none may", () => {
    call("setCurrent", user.space);
    assert.equal(call("current"), user.space);
    call("setCurrent", 0);
    assert.equal(call("current"), 0);
  });
});

describe("a forked space", () => {
  let child = 0;

  beforeEach(() => {
    user.map(1, 3);
    user.map(4, 5, READ);
    user.touch(1, FAULT_WRITE);
    user.write(PAGE, "parent");
    user.touch(4);
    child = call("fork", user.space);
    assert.notEqual(child, 0);
  });

  it("has the same regions, break and limits", () => {
    assert.deepEqual(user.regions(child), user.regions());
    assert.notEqual(call("regionAt", child, 0), call("regionAt", user.space, 0));
    call("setBreak", user.space, 0x5000, 0x5001);
    call("setLimits", user.space, 1, 0x1000000, 0x2000000);
    const second = call("fork", user.space);
    assert.deepEqual(
      ["breakStart", "breakEnd", "stackLimit", "sizeLimit", "dataLimit"].map((name) =>
        call(name, second),
      ),
      [0x5000, 0x5001, 1, 0x1000000, 0x2000000],
    );
  });

  it("shares its frames until one side writes", () => {
    const shared = user.frame(PAGE);
    assert.equal(user.frame(PAGE, child), shared);
    assert.equal(user.references(shared), 2);
    user.touch(1, FAULT_WRITE, child);
    user.write(PAGE, "child\0", child);
    assert.equal(user.text(PAGE), "parent");
    assert.equal(user.text(PAGE, child), "child");
    assert.equal(user.references(shared), 1);
  });

  it("leaves its parent's frames when it goes", () => {
    const shared = user.frame(PAGE);
    call("release", child);
    assert.equal(user.references(shared), 1);
    call("release", user.space);
    assert.equal(user.taken(), 0);
  });

  it("is none without memory, and gives back what it got", () => {
    const before = user.taken();
    const shared = user.frame(PAGE);
    const results = user.withFewFrames(
      () => call("fork", user.space),
      (made) => {
        if (made === 0) assert.equal(user.references(shared), 2);
        return made !== 0;
      },
    );
    assert.ok(results.length > 3, `it needs ${results.length} frames`);
    call("release", results.at(-1) ?? 0);
    assert.equal(user.taken(), before);
  });

  it("is none when there is memory for only some of its regions", () => {
    // Regions fill the page that has their records, so the child's need more.
    const giveBack = user.leaveFrames(0);
    let page = 100;
    while (user.map(page, page + 1) !== ENOMEM) page += 2;
    giveBack();
    const before = user.taken();
    const results = user.withFewFrames(
      () => call("fork", user.space),
      (made) => made !== 0,
    );
    call("release", results.at(-1) ?? 0);
    assert.equal(user.taken(), before);
  });
});

describe("what a fork does with regions", () => {
  const fork = () => call("fork", user.space);

  it("leaves shared pages writable, and finds them in the object", () => {
    const object = call("createObject", 2);
    user.show(object, 4, 6, READ | WRITE, SHARED);
    user.touch(4, FAULT_WRITE);
    const frame = user.frame(4 * PAGE);
    const child = fork();
    assert.equal(user.entry(4 * PAGE) & ENTRY_RW, ENTRY_RW);
    assert.equal(user.entry(4 * PAGE, child), 0);
    user.touch(4, FAULT_WRITE, child);
    assert.equal(user.frame(4 * PAGE, child), frame);
    assert.equal(call("objectReferences", object), 3);
  });

  it("leaves out what is not inherited, and only that", () => {
    user.map(1, 2, READ, NOT_INHERITED);
    user.map(2, 3, READ, WIPED);
    user.map(3, 4, READ);
    assert.deepEqual(user.ranges(fork()), [
      [2, 3],
      [3, 4],
    ]);
  });

  it("gives the child zeros for what is wiped", () => {
    user.map(1, 2, READ | WRITE, WIPED);
    user.touch(1, FAULT_WRITE);
    const child = fork();
    assert.equal(user.entry(PAGE, child), 0);
    assert.equal(user.entry(PAGE) & ENTRY_RW, ENTRY_RW);
  });
});
