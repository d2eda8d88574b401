import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  ENTRY_HIDDEN,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_RW,
  FAULT_WRITE,
} from "../../../src/abi/paging";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import {
  EACCES,
  EFAULT,
  ENOMEM,
  EXECUTE,
  NOT_EXECUTED,
  READ,
  SHARED,
  STAYS_READ_ONLY,
  USER_SPACE,
  UserSpace,
  WRITE,
} from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  import { protectRange } from "./kernel/memory/protect-range";
  export function protect(space: usize, from: usize, to: usize, rights: u32): i32 {
    return protectRange(at(space), from, to, rights);
  }
`);

let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const protect = (from: number, to: number, rights: number) =>
  machine.call("protect", user.space, from * PAGE, to * PAGE, rights);
const rights = () => user.regions().map(({ from, to, rights }) => [from, to, rights]);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("rights of a range", () => {
  it("change there alone", () => {
    user.map(1, 6);
    assert.equal(protect(2, 4, READ), 0);
    assert.deepEqual(rights(), [
      [1, 2, READ | WRITE],
      [2, 4, READ],
      [4, 6, READ | WRITE],
    ]);
    assert.equal(protect(2, 4, READ | WRITE), 0);
    assert.deepEqual(rights(), [[1, 6, READ | WRITE]]);
  });

  it("make one of many regions, and leave those after them as they were", () => {
    for (let page = 1; page < 100; page++) user.map(page, page + 1, page % 2 === 0 ? READ : 0);
    const after = rights().slice(89);
    assert.equal(protect(1, 90, READ), 0);
    assert.deepEqual(rights(), [[1, 91, READ], ...after.slice(1)]);
    assert.equal(protect(93, 100, READ | WRITE), 0);
    assert.deepEqual(rights(), [
      [1, 91, READ],
      [91, 92, 0],
      [92, 93, READ],
      [93, 100, READ | WRITE],
    ]);
  });

  it("change in several regions", () => {
    user.map(1, 3);
    user.map(3, 5, READ | EXECUTE);
    assert.equal(protect(2, 4, READ), 0);
    assert.deepEqual(rights(), [
      [1, 2, READ | WRITE],
      [2, 4, READ],
      [4, 5, READ | EXECUTE],
    ]);
  });

  it("change up to a hole", () => {
    user.map(1, 3);
    user.map(4, 5);
    assert.equal(protect(2, 5, READ), ENOMEM);
    assert.deepEqual(rights(), [
      [1, 2, READ | WRITE],
      [2, 3, READ],
      [4, 5, READ | WRITE],
    ]);
    assert.equal(protect(8, 9, READ), ENOMEM);
  });

  it("do not become writable and executable", () => {
    user.map(1, 2);
    assert.equal(protect(1, 2, READ | WRITE | EXECUTE), EACCES);
    assert.deepEqual(rights(), [[1, 2, READ | WRITE]]);
  });

  it("do not become writable where they must not", () => {
    user.map(1, 2, READ, SHARED | STAYS_READ_ONLY);
    assert.equal(protect(1, 2, READ | WRITE), EACCES);
    assert.equal(protect(1, 2, READ | EXECUTE), 0);
    user.map(2, 3, READ, SHARED);
    assert.equal(protect(2, 3, READ | WRITE), 0);
  });

  it("do not become executable where they must not", () => {
    user.map(1, 2, READ, NOT_EXECUTED);
    assert.equal(protect(1, 2, READ | EXECUTE), EACCES);
    assert.equal(protect(1, 2, READ | WRITE), 0);
    assert.equal(protect(1, 2, READ), 0);
  });

  it("do not exceed the limit of data", () => {
    user.map(1, 3);
    user.map(4, 8, READ);
    call("setLimits", user.space, 0xffffffff, 0xffffffff, 4 * PAGE);
    assert.equal(protect(4, 7, READ | WRITE), ENOMEM);
    assert.equal(protect(4, 6, READ | WRITE), 0);
    call("setLimits", user.space, 0xffffffff, 0xffffffff, PAGE);
    assert.equal(protect(1, 2, WRITE), 0, "it was data before");
    assert.equal(protect(7, 8, EXECUTE), 0, "it is no data");
  });

  it("stay when there is no memory to split a region", () => {
    user.map(1, 6);
    user.leaveNoRecords();
    assert.equal(protect(2, 6, READ), ENOMEM);
    assert.equal(protect(1, 2, READ), ENOMEM);
    assert.deepEqual(rights()[0], [1, 6, READ | WRITE]);
  });
});

describe("pages whose rights change", () => {
  it("are not writable any more, and so again by a write", () => {
    user.map(1, 2);
    user.touch(1, FAULT_WRITE);
    const frame = user.frame(PAGE);
    protect(1, 2, READ);
    assert.equal(user.entry(PAGE) & ENTRY_RW, 0);
    assert.equal(user.fault(PAGE, FAULT_WRITE), EFAULT);
    protect(1, 2, READ | WRITE);
    assert.equal(user.entry(PAGE) & ENTRY_RW, 0);
    user.touch(1, FAULT_WRITE);
    assert.equal(user.frame(PAGE), frame);
  });

  it("are copied by the first write if they are the object's", () => {
    const object = call("createObject", 1);
    user.show(object, 1, 2, READ);
    user.touch(1);
    protect(1, 2, READ | WRITE);
    user.touch(1, FAULT_WRITE);
    assert.notEqual(user.frame(PAGE), call("frameOfObject", object, 0));
  });

  it("stay writable if they were and may be", () => {
    user.map(1, 2);
    user.touch(1, FAULT_WRITE);
    protect(1, 2, WRITE);
    assert.equal(user.entry(PAGE) & ENTRY_RW, ENTRY_RW);
  });

  it("become writable at once where they are shared", () => {
    const object = call("createObject", 1);
    user.show(object, 1, 2, READ, SHARED);
    user.touch(1);
    protect(1, 2, READ | WRITE);
    assert.equal(user.entry(PAGE) & ENTRY_RW, ENTRY_RW);
  });

  it("become writable at the first write where they are a file's", () => {
    const object = call("createObject", 1);
    user.show(object, 1, 2, READ, SHARED, 0, machine.part.area);
    user.touch(1);
    protect(1, 2, READ | WRITE);
    assert.equal(user.entry(PAGE) & ENTRY_RW, 0);
    user.touch(1, FAULT_WRITE);
    assert.equal(user.entry(PAGE) & ENTRY_RW, ENTRY_RW);
  });

  it("become executable or stop being so", () => {
    user.map(1, 2);
    user.touch(1, FAULT_WRITE);
    protect(1, 2, READ | EXECUTE);
    assert.equal(user.high(PAGE), 0);
    protect(1, 2, READ);
    assert.equal(user.high(PAGE), ENTRY_NX_HIGH);
    protect(1, 2, READ | EXECUTE);
    protect(1, 2, READ | WRITE);
    assert.equal(user.high(PAGE), ENTRY_NX_HIGH);
  });

  it("are hidden without any right, and come back as they were", () => {
    user.map(1, 3);
    user.touch(1, FAULT_WRITE);
    user.write(PAGE, "kept\0");
    const frame = user.frame(PAGE);
    protect(1, 3, 0);
    assert.equal(user.entry(PAGE) & (ENTRY_P | ENTRY_HIDDEN), ENTRY_HIDDEN);
    assert.equal(user.entry(2 * PAGE), 0);
    assert.equal(user.fault(PAGE), EFAULT);
    protect(1, 3, READ | WRITE);
    assert.equal(user.frame(PAGE), frame);
    user.touch(1, FAULT_WRITE);
    assert.equal(user.text(PAGE), "kept");
    assert.equal(user.references(frame), 1);
  });
});
