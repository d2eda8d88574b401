import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { S_IFDIR, S_IFREG } from "../../../src/abi/files";
import { BOOT_PAGES, type Machine, machineFor, PAGE } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import { sendRecord, useOldRecords } from "./kernel/file/directory-record";
  import { mapRange } from "./kernel/memory/map-range";
  import { createSpace, currentSpace, setCurrentSpace } from "./kernel/memory/space";
  import { copyIn, userPointer } from "./kernel/memory/user-memory";
  export function createUser(from: usize, to: usize): i32 {
    setCurrentSpace(createSpace());
    return mapRange(currentSpace, from, to, 3, 0);
  }
  export function get(from: u32, to: usize, size: u32): i32 {
    return copyIn(userPointer(from), to, size);
  }
  export function useOld(isOld: bool): void { useOldRecords(isOld); }
  export function send(
    to: u32, room: u32, number: u32, mode: u32, name: usize, length: u32, following: u32,
  ): i32 {
    return sendRecord(userPointer(to), room, number, mode, name, length, following);
  }
`);

const [EFAULT, EINVAL] = [-14, -22];
const USER = 0x1_0000;
let machine: Machine;

function send(room: number, mode: number, name: string, to = USER): number {
  machine.part.write(machine.part.area, name);
  return machine.call("send", to, room, 77, mode, machine.part.area, name.length, 5);
}

function sent(size: number): Buffer {
  const copy = machine.part.area + 1024;
  assert.equal(machine.call("get", USER, copy, size), 0);
  return Buffer.from(machine.part.read(copy, size));
}

describe("a record of a directory's listing", () => {
  beforeEach(() => {
    machine = start();
    machine.call("start", 64);
    machine.call("createUser", USER, USER + PAGE);
  });

  it("has the number, the next position, the type and the name", () => {
    assert.equal(send(100, S_IFDIR | 0o755, "name"), 24);
    const record = sent(24);
    assert.equal(record.readBigUInt64LE(0), 77n);
    assert.equal(record.readBigUInt64LE(8), 5n);
    assert.equal(record.readUInt16LE(16), 24);
    assert.equal(record[18], 4);
    assert.equal(record.toString("latin1", 19), "name\0");
    assert.equal(send(100, S_IFREG, "other"), 32);
    assert.equal(sent(32)[18], 8);
  });

  it("needs all of its room", () => {
    assert.equal(send(24, S_IFREG, "name"), 24);
    assert.equal(send(23, S_IFREG, "name"), EINVAL);
  });

  it("has words and its type at the end in the old form", () => {
    machine.call("useOld", 1);
    assert.equal(send(100, S_IFDIR | 0o755, "name"), 16);
    const record = sent(16);
    assert.deepEqual([record.readUInt32LE(0), record.readUInt32LE(4)], [77, 5]);
    assert.equal(record.readUInt16LE(8), 16);
    assert.equal(record.toString("latin1", 10), "name\0\x04");
    assert.equal(send(20, S_IFREG, "other"), 20);
    assert.equal(sent(20)[19], 8);
    assert.equal(send(19, S_IFREG, "other"), EINVAL);
    assert.equal(send(100, S_IFREG, "name", USER + PAGE), EFAULT);
    machine.call("useOld", 0);
    assert.equal(send(100, S_IFREG, "name"), 24);
  });

  it("needs memory of the user's", () => {
    assert.equal(send(100, S_IFREG, "name", USER + PAGE), EFAULT);
  });
});
