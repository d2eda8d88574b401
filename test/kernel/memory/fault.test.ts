import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_US,
  FAULT_FETCH,
  FAULT_WRITE,
} from "../../../src/abi/paging";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import {
  EFAULT,
  EIO,
  ENOMEM,
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

const start = machineFor(USER_SPACE);
const READABLE = ENTRY_P | ENTRY_US;
const WRITABLE = READABLE | ENTRY_RW;
let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const zeros = () => call("zeroFrame");
const present = (pages: number[]) => pages.filter((page) => user.entry(page * PAGE) !== 0);
const isZero = (frame: number) => machine.part.read(frame, PAGE).every((byte) => byte === 0);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("an access that is forbidden", () => {
  it("is one where no region is", () => {
    user.map(2, 3);
    for (const at of [PAGE, 3 * PAGE, 0x4000_0000]) assert.equal(user.fault(at), EFAULT);
  });

  it("is one to page 0 and past user space", () => {
    user.map(1, 2);
    user.map(USER_END / PAGE - 1, USER_END / PAGE);
    for (const at of [0, PAGE - 1, USER_END, 0xffffffff]) assert.equal(user.fault(at), EFAULT);
    assert.equal(user.fault(PAGE), 0);
    assert.equal(user.fault(USER_END - 1), 0);
  });

  it("is one that the region's rights do not allow", () => {
    user.map(1, 2, READ | EXECUTE);
    user.map(2, 3, READ | WRITE);
    user.map(3, 4, 0);
    assert.equal(user.fault(PAGE, FAULT_WRITE), EFAULT);
    assert.equal(user.fault(2 * PAGE, FAULT_FETCH), EFAULT);
    assert.equal(user.fault(3 * PAGE), EFAULT);
    assert.equal(user.fault(3 * PAGE, FAULT_WRITE), EFAULT);
    assert.deepEqual(present([1, 2, 3]), []);
    assert.equal(user.fault(PAGE, FAULT_FETCH), 0);
  });

  it("is one that the entry allows already", () => {
    user.map(1, 2);
    assert.equal(user.fault(PAGE, FAULT_WRITE), 0);
    assert.equal(user.fault(PAGE, FAULT_WRITE), EFAULT);
    assert.equal(user.fault(PAGE), EFAULT);
  });
});

describe("anonymous memory", () => {
  it("is the frame of zeros while it is read", () => {
    user.map(1, 3);
    user.map(3, 4, READ | EXECUTE);
    const before = user.references(zeros());
    for (const page of [1, 2, 3]) user.touch(page);
    for (const page of [1, 2, 3]) assert.equal(user.entry(page * PAGE), zeros() | READABLE);
    assert.equal(user.references(zeros()), before + 3);
    assert.deepEqual([user.high(PAGE), user.high(3 * PAGE)], [ENTRY_NX_HIGH, 0]);
    assert.equal(call("resident", user.space), 3);
  });

  it("becomes a frame of its own when it is written", () => {
    const dirty = call("allocateFrame");
    user.map(1, 2);
    user.map(2, 3, READ | WRITE);
    user.touch(1, FAULT_WRITE);
    machine.part.write(dirty, new Uint8Array(PAGE).fill(0xaa));
    call("releaseFrame", dirty);
    user.touch(2, FAULT_WRITE);
    assert.equal(user.entry(2 * PAGE), dirty | WRITABLE);
    assert.equal(user.high(2 * PAGE), ENTRY_NX_HIGH);
    assert.ok(isZero(dirty));
    assert.equal(call("noWindowOpen"), 1);
  });

  it("is written after it was read", () => {
    user.map(1, 2);
    user.touch(1);
    const before = user.references(zeros());
    user.touch(1, FAULT_WRITE);
    assert.notEqual(user.frame(PAGE), zeros());
    assert.ok(isZero(user.frame(PAGE)));
    assert.equal(user.entry(PAGE) & (PAGE - 1), WRITABLE);
    assert.equal(user.references(zeros()), before - 1);
  });

  for (const [kind, code] of [
    ["read", 0],
    ["written", FAULT_WRITE],
  ] as const) {
    it(`is refused to be ${kind} without memory, and what was taken is given back`, () => {
      user.map(1, 2);
      const before = user.taken();
      const zerosBefore = user.references(zeros());
      const results = user.withFewFrames(
        () => user.fault(PAGE, code),
        (result) => {
          if (result !== 0) assert.equal(user.references(zeros()), zerosBefore);
          return result === 0;
        },
      );
      assert.ok(results.length > 1 && results.slice(0, -1).every((result) => result === ENOMEM));
      assert.equal(call("resident", user.space), 1);
      call("release", user.space);
      assert.ok(user.taken() < before);
    });
  }

  it("needs memory for the frame of zeros", () => {
    machine = start();
    call("start", 100);
    const space = call("createSpace");
    machine.call("map", space, PAGE, 2 * PAGE, READ, 0, 0, 0, 0);
    call("makeEntry", space, PAGE);
    while (call("allocateFrame") !== 0);
    assert.equal(machine.call("resolveFault", space, PAGE, 4), ENOMEM);
  });
});

describe("a private page that is written", () => {
  const SHARED_BY_TWO = 2;

  it("is copied while another space has it, whole", () => {
    user.map(1, 2);
    user.touch(1, FAULT_WRITE);
    const bytes = Uint8Array.from({ length: PAGE }, (_, i) => i % 251);
    machine.part.write(user.frame(PAGE), bytes);
    const child = call("fork", user.space);
    const shared = user.frame(PAGE);
    user.touch(1, FAULT_WRITE, child);
    assert.notEqual(user.frame(PAGE, child), shared);
    assert.deepEqual(machine.part.read(user.frame(PAGE, child), PAGE), bytes);
    assert.equal(user.entry(PAGE, child) & (PAGE - 1), WRITABLE);
    assert.equal(user.references(shared), 1);
  });

  it("is taken over when nobody else has it", () => {
    user.map(1, 2);
    user.touch(1, FAULT_WRITE);
    const shared = user.frame(PAGE);
    const child = call("fork", user.space);
    assert.equal(user.references(shared), SHARED_BY_TWO);
    call("release", child);
    user.touch(1, FAULT_WRITE);
    assert.equal(user.entry(PAGE), shared | WRITABLE);
  });

  it("stays as it is if there is no memory for a copy", () => {
    user.map(1, 2);
    user.touch(1, FAULT_WRITE);
    const shared = user.frame(PAGE);
    const child = call("fork", user.space);
    const giveBack = user.leaveFrames(0);
    assert.equal(user.fault(PAGE, FAULT_WRITE, child), ENOMEM);
    assert.equal(user.references(shared), SHARED_BY_TWO);
    assert.equal(user.entry(PAGE, child), shared | READABLE);
    giveBack();
    assert.equal(user.fault(PAGE, FAULT_WRITE, child), 0);
  });

  it("is no page of the parent's that was read-only there", () => {
    user.map(1, 2, READ);
    user.touch(1);
    const child = call("fork", user.space);
    assert.equal(user.fault(PAGE, FAULT_WRITE, child), EFAULT);
    assert.equal(user.entry(PAGE, child), zeros() | READABLE);
  });
});

describe("pages of an object", () => {
  let object = 0;

  beforeEach(() => {
    object = call("createObject", 40);
  });

  it("are the object's own where they are read", () => {
    user.show(object, 1, 3, READ | WRITE, 0, 5);
    user.touch(2);
    const frame = call("frameOfObject", object, 6);
    assert.notEqual(frame, 0);
    assert.equal(user.entry(2 * PAGE), frame | READABLE);
    assert.equal(user.references(frame), 2);
  });

  it("are copied when they are written privately", () => {
    const frame = call("ensureFrame", object, 5);
    machine.part.write(frame, "file");
    user.show(object, 1, 3, READ | WRITE, 0, 5);
    user.touch(1, FAULT_WRITE);
    assert.equal(user.text(PAGE), "file");
    assert.notEqual(user.frame(PAGE), frame);
    assert.equal(user.entry(PAGE) & (PAGE - 1), WRITABLE);
    assert.equal(user.references(frame), 1);
  });

  it("are never taken over, though no other space has them", () => {
    user.show(object, 1, 2, READ | WRITE);
    user.touch(1);
    const frame = user.frame(PAGE);
    user.touch(1, FAULT_WRITE);
    assert.notEqual(user.frame(PAGE), frame);
    assert.equal(call("frameOfObject", object, 0), frame);
    assert.equal(user.references(frame), 1);
  });

  it("are writable where they are shared, as the rights say", () => {
    user.show(object, 1, 2, READ | WRITE, SHARED);
    user.show(object, 40, 41, READ, SHARED);
    user.touch(1, FAULT_WRITE);
    user.touch(40);
    const frame = call("frameOfObject", object, 0);
    assert.equal(user.entry(PAGE), frame | WRITABLE);
    assert.equal(user.entry(40 * PAGE), frame | READABLE);
  });

  it("are writable where they are shared, after a read as well", () => {
    user.show(object, 1, 2, READ | WRITE, SHARED);
    user.touch(1);
    assert.equal(user.entry(PAGE) & ENTRY_RW, ENTRY_RW);
  });

  it("tell a shared file of the first write, and of none before", () => {
    const file = machine.part.area;
    const writes = () => machine.word(file + 4);
    user.show(object, 1, 2, READ | WRITE, SHARED, 0, file);
    user.show(object, 2, 3, READ | WRITE, SHARED, 1, file);
    user.touch(1);
    assert.deepEqual([user.entry(PAGE) & ENTRY_RW, writes()], [0, 0]);
    user.touch(1, FAULT_WRITE);
    assert.deepEqual([user.entry(PAGE) & ENTRY_RW, writes()], [ENTRY_RW, 1]);
    user.touch(2, FAULT_WRITE);
    assert.deepEqual([user.entry(2 * PAGE) & ENTRY_RW, writes()], [ENTRY_RW, 2]);
  });

  it("tell a file of no write to a private copy of it", () => {
    const file = machine.part.area;
    user.show(object, 1, 3, READ | WRITE, 0, 0, file);
    user.touch(1);
    user.touch(1, FAULT_WRITE);
    user.touch(2, FAULT_WRITE);
    assert.equal(machine.word(file + 4), 0);
  });

  it("become writable when a shared region became so", () => {
    user.show(object, 1, 2, READ | WRITE, SHARED);
    user.touch(1);
    const pte = call("entry", user.space, PAGE);
    machine.setWord(pte, machine.word(pte) & ~ENTRY_RW);
    const frame = user.frame(PAGE);
    user.touch(1, FAULT_WRITE);
    assert.equal(user.entry(PAGE), frame | WRITABLE);
  });

  it("end with the object", () => {
    call("truncate", object, 2);
    user.show(object, 1, 5, READ | WRITE, SHARED);
    assert.equal(user.fault(3 * PAGE), EIO);
    assert.equal(user.fault(3 * PAGE, FAULT_WRITE), EIO);
    assert.equal(user.fault(2 * PAGE), 0);
  });

  it("end where the object has all pages that it may have", () => {
    user.show(object, 1, 3, READ | WRITE, SHARED);
    call("limitFrames", object, 1);
    assert.equal(user.fault(PAGE), 0);
    assert.equal(user.fault(2 * PAGE), EIO);
    assert.equal(user.fault(2 * PAGE, FAULT_WRITE), EIO);
  });

  it("are refused without memory", () => {
    user.show(object, 1, 3, READ | WRITE);
    user.touch(1);
    user.leaveFrames(0);
    assert.equal(user.fault(2 * PAGE), ENOMEM);
    assert.equal(user.fault(2 * PAGE, FAULT_WRITE), ENOMEM);
    assert.equal(user.entry(2 * PAGE), 0);
  });

  it("are refused when there is no memory for the copy", () => {
    user.show(object, 1, 3, READ | WRITE);
    user.touch(1);
    call("ensureFrame", object, 1);
    user.leaveFrames(0);
    assert.equal(user.fault(2 * PAGE, FAULT_WRITE), ENOMEM);
    assert.equal(user.references(call("frameOfObject", object, 1)), 1);
  });

  it("give the frame back when there is no memory for a page table", () => {
    user.show(object, 0x10000, 0x10001, READ);
    const frame = call("ensureFrame", object, 0);
    user.leaveFrames(0);
    assert.equal(user.fault(0x1000_0000), ENOMEM);
    assert.equal(user.references(frame), 1);
    assert.equal(call("resident", user.space), 0);
  });
});

describe("the neighbours of an object's page", () => {
  let object = 0;
  const pages = Array.from({ length: 40 }, (_, page) => page);

  beforeEach(() => {
    object = call("createObject", 40);
    for (const page of pages) call("ensureFrame", object, page);
  });

  it("are mapped with it, those of the same sixteen", () => {
    user.show(object, 0x100, 0x128, READ | EXECUTE);
    user.touch(0x113);
    assert.deepEqual(
      present(pages.map((page) => 0x100 + page)),
      pages.slice(16, 32).map((page) => 0x100 + page),
    );
    assert.equal(user.frame(0x11f * PAGE), call("frameOfObject", object, 31));
    assert.equal(user.high(0x11f * PAGE), 0);
    assert.equal(call("resident", user.space), 16);
    assert.equal(user.references(call("frameOfObject", object, 16)), 2);
  });

  it("are mapped as far as the region goes", () => {
    user.show(object, 0x102, 0x105, READ, 0, 7);
    user.touch(0x103);
    assert.deepEqual(present(pages.map((page) => 0x100 + page)), [0x102, 0x103, 0x104]);
    assert.equal(user.frame(0x102 * PAGE), call("frameOfObject", object, 7));
  });

  it("are mapped up to the end of user space", () => {
    const end = USER_END / PAGE;
    user.show(object, end - 3, end, READ);
    user.touch(end - 2);
    assert.deepEqual(present([end - 3, end - 2, end - 1]), [end - 3, end - 2, end - 1]);
  });

  it("stay what they are if they are there", () => {
    user.show(object, 0x100, 0x110, READ | WRITE);
    user.touch(0x101, FAULT_WRITE);
    const own = user.frame(0x101 * PAGE);
    assert.deepEqual(present([0x100, 0x101, 0x102]), [0x101], "a copy comes alone");
    user.touch(0x102);
    assert.equal(user.frame(0x101 * PAGE), own);
    assert.equal(call("resident", user.space), 16);
  });

  it("are left out where the object has no frame, or ends", () => {
    const sparse = call("createObject", 4);
    call("ensureFrame", sparse, 2);
    call("ensureFrame", sparse, 5);
    user.show(sparse, 0x100, 0x110, READ);
    user.touch(0x100);
    assert.deepEqual(present(pages.map((page) => 0x100 + page)), [0x100, 0x102]);
    assert.equal(call("frameOfObject", sparse, 1), 0);
  });

  it("are writable if they are shared", () => {
    user.show(object, 0x100, 0x102, READ | WRITE, SHARED);
    user.touch(0x100);
    assert.equal(user.entry(0x101 * PAGE) & ENTRY_RW, ENTRY_RW);
  });
});

describe("a stack", () => {
  const TOP = USER_END / PAGE;

  beforeEach(() => {
    assert.equal(user.map(TOP - 1, TOP, READ | WRITE, GROWS_DOWN), 0);
  });

  it("grows down to the page that is touched", () => {
    assert.equal(user.fault((TOP - 3) * PAGE + 8, FAULT_WRITE), 0);
    assert.deepEqual(user.ranges(), [[TOP - 3, TOP]]);
    assert.deepEqual(present([TOP - 3, TOP - 2, TOP - 1]), [TOP - 3]);
  });

  it("grows down to its limit, and no further", () => {
    assert.equal(user.fault(USER_END - STACK_LIMIT - 1), EFAULT);
    assert.deepEqual(user.ranges(), [[TOP - 1, TOP]]);
    assert.equal(user.fault(USER_END - STACK_LIMIT), 0);
    assert.deepEqual(user.ranges(), [[TOP - STACK_LIMIT / PAGE, TOP]]);
  });

  it("has the limit that its space says", () => {
    call("setLimits", user.space, 3 * PAGE, 0xffffffff, 0xffffffff);
    assert.equal(user.fault((TOP - 4) * PAGE), EFAULT);
    assert.equal(user.fault((TOP - 3) * PAGE), 0);
  });

  it("leaves a gap to what lies below", () => {
    const below = TOP - 100;
    user.map(below - 1, below);
    assert.equal(user.fault(below * PAGE + STACK_GAP - 1), EFAULT);
    assert.equal(user.fault(below * PAGE), EFAULT);
    assert.equal(user.fault(below * PAGE + STACK_GAP), 0);
    assert.deepEqual(user.ranges(), [
      [below - 1, below],
      [below + STACK_GAP / PAGE, TOP],
    ]);
  });

  it("does not grow for an address below another region", () => {
    user.map(TOP - 100, TOP - 99);
    assert.equal(user.fault((TOP - 101) * PAGE), EFAULT);
  });

  it("is the only kind of region that grows, and not upwards", () => {
    user.map(0x100, 0x101);
    user.map(0x800, 0x801, READ | WRITE, GROWS_DOWN);
    assert.equal(user.fault(0x100 * PAGE - 1), EFAULT);
    assert.equal(user.fault(0x801 * PAGE), EFAULT);
  });
});
