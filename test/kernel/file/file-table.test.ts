import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FD_CLOEXEC } from "../../../src/abi/files";
import { BOOT_PAGES, type Machine, machineFor } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import * as tables from "./kernel/file/file-table";
  import { FileOperations, Inode } from "./kernel/file/inode";
  import { openFile as open, OpenFile } from "./kernel/file/open-file";
  export * from "./kernel/memory/frames";
  function at(table: usize): tables.FileTable { return changetype<tables.FileTable>(table); }
  function file(address: usize): OpenFile { return changetype<OpenFile>(address); }
  export function createTable(): usize { return changetype<usize>(tables.createFileTable()); }
  const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 8));
  const inode = changetype<Inode>(memory.data(offsetof<Inode>(), 8));
  export function openFile(): usize {
    inode.operations = operations;
    inode.references++;
    return open(null, inode, 0);
  }
  export function retain(address: usize): void { file(address).retain(); }
  export function references(address: usize): u32 { return file(address).references; }
  export function get(table: usize, descriptor: u32): usize {
    return changetype<usize>(at(table).get(descriptor));
  }
  export function flags(table: usize, descriptor: u32): u32 { return at(table).flags(descriptor); }
  export function setFlags(table: usize, descriptor: u32, flags: u32): void {
    at(table).setFlags(descriptor, flags);
  }
  export function add(table: usize, address: usize, lowest: u32, flags: u32): i32 {
    return at(table).add(file(address), lowest, flags);
  }
  export function replace(table: usize, descriptor: u32, address: usize, flags: u32): i32 {
    return at(table).replace(descriptor, file(address), flags);
  }
  export function reserve(table: usize): i32 { return at(table).reserve(); }
  export function settle(table: usize, descriptor: u32, opened: usize, flags: u32): i32 {
    return at(table).settle(descriptor, opened, flags);
  }
  export function close(table: usize, descriptor: u32): i32 { return at(table).close(descriptor); }
  export function next(table: usize, from: u32): i32 { return at(table).next(from); }
  export function closeOnExecute(table: usize): void { at(table).closeOnExecute(); }
  export function duplicate(table: usize): usize {
    return changetype<usize>(at(table).duplicate());
  }
  export function release(table: usize): void { at(table).release(); }
`);

const [EBADF, ENOMEM, EBUSY, EMFILE] = [-9, -12, -16, -24];
/** How many descriptors a table has room for at first, and at most. */
const [FIRST, LARGEST] = [32, 1024];
let machine: Machine;
let table = 0;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.call(name, ...values);
const address = (name: string, ...values: number[]) => machine.address(name, ...values);
const get = (descriptor: number, of = table) => address("get", of, descriptor);
const references = (file: number) => call("references", file);
const taken = () => framesAtStart - call("freeFrameCount");

/** A file to which the test keeps a reference, and gives another one away. */
function file(): number {
  const opened = address("openFile");
  call("retain", opened);
  return opened;
}

const add = (opened = file(), lowest = 0, flags = 0) => call("add", table, opened, lowest, flags);

/** Takes frames until `left` are left; a function that gives them back. */
function leaveFrames(left: number): () => void {
  const frames = Array.from({ length: call("freeFrameCount") - left }, () =>
    address("allocateFrame"),
  );
  return () => {
    for (const frame of frames.reverse()) call("releaseFrame", frame);
  };
}

beforeEach(() => {
  machine = start();
  call("start", 64);
  // The heap's page for files stays, so that the counts below are those of tables.
  file();
  framesAtStart = call("freeFrameCount");
  table = address("createTable");
});

describe("a file table", () => {
  it("is empty at first", () => {
    for (const descriptor of [0, FIRST - 1, FIRST, 0xffffffff]) assert.equal(get(descriptor), 0);
  });

  it("is none without memory, and gives back what it got", () => {
    call("release", table);
    for (let left = 0; left < 2; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(call("createTable"), 0, `with ${left} frames`);
      assert.equal(call("freeFrameCount"), left);
      giveBack();
    }
    assert.notEqual(call("createTable"), 0);
  });

  it("closes its files and gives its memory back", () => {
    const [first, second] = [file(), file()];
    add(first);
    add(second, FIRST + 1);
    call("release", table);
    assert.deepEqual([references(first), references(second)], [1, 1]);
    assert.equal(taken(), 0);
  });
});

describe("the numbers in use", () => {
  it("are found in order, from any number on", () => {
    add();
    add(file(), 5);
    add(file(), FIRST - 1);
    const next = (from: number) => call("next", table, from);
    assert.deepEqual([next(0), next(1), next(5), next(6)], [0, 5, 5, FIRST - 1]);
    assert.deepEqual([next(FIRST), next(0xffffffff)], [-1, -1]);
  });
});

describe("a file that is added", () => {
  it("gets the lowest number that is free", () => {
    assert.deepEqual([add(), add(), add()], [0, 1, 2]);
    call("close", table, 1);
    assert.deepEqual([add(), add()], [1, 3]);
  });

  it("gets no number below the one that is asked for", () => {
    add();
    assert.equal(add(file(), 10), 10);
    assert.equal(add(file(), 10), 11);
    assert.equal(add(), 1);
  });

  it("is found by its number, with its flags", () => {
    const opened = file();
    const descriptor = add(opened, 0, FD_CLOEXEC);
    assert.equal(get(descriptor), opened);
    assert.equal(call("flags", table, descriptor), FD_CLOEXEC);
    call("setFlags", table, descriptor, 0);
    assert.equal(call("flags", table, descriptor), 0);
    assert.equal(references(opened), 2, "its reference has passed to the table");
  });

  it("makes the table larger when that is full", () => {
    const files = Array.from({ length: FIRST + 1 }, file);
    files.forEach((opened, i) => {
      assert.equal(add(opened, 0, i % 2), i);
    });
    assert.deepEqual(
      files.map((_, i) => [get(i), call("flags", table, i)]),
      files.map((opened, i) => [opened, i % 2]),
    );
    assert.equal(get(FIRST + 1), 0);
  });

  it("may have the number 1023, and no higher one", () => {
    assert.equal(add(file(), LARGEST - 1), LARGEST - 1);
    const refused = file();
    assert.equal(add(refused, LARGEST - 1), EMFILE);
    assert.equal(add(refused, LARGEST), EMFILE);
    assert.equal(add(refused, 0xffffffff), EMFILE);
    assert.equal(references(refused), 2, "its reference stays with the caller");
  });

  it("is refused when there is no memory for a larger table", () => {
    const opened = file();
    const giveBack = leaveFrames(0);
    assert.equal(add(opened, LARGEST - 1), ENOMEM);
    assert.equal(references(opened), 2);
    assert.equal(add(opened, FIRST - 1), FIRST - 1, "the table is as it was");
    giveBack();
  });
});

describe("a number that is reserved", () => {
  const reserve = () => call("reserve", table);
  const settle = (descriptor: number, opened: number, flags = 0) =>
    call("settle", table, descriptor, opened, flags);

  it("is the lowest that is free, and free no more", () => {
    add();
    assert.deepEqual([reserve(), reserve(), add()], [1, 2, 3]);
  });

  it("stands for no file until it is given one", () => {
    const descriptor = reserve();
    assert.equal(get(descriptor), 0);
    assert.equal(call("next", table, 0), -1);
    assert.equal(call("close", table, descriptor), EBADF);
    const opened = file();
    assert.equal(settle(descriptor, opened, FD_CLOEXEC), descriptor);
    assert.equal(get(descriptor), opened);
    assert.equal(call("flags", table, descriptor), FD_CLOEXEC);
    assert.equal(references(opened), 2, "its reference has passed to the table");
  });

  it("is free again after an errno, which is the answer", () => {
    const descriptor = reserve();
    assert.equal(settle(descriptor, ENOMEM), ENOMEM);
    assert.equal(reserve(), descriptor);
  });

  it("cannot be replaced", () => {
    const descriptor = reserve();
    const opened = file();
    assert.equal(call("replace", table, descriptor, opened, 0), EBUSY);
    assert.equal(references(opened), 2, "its reference stays with the caller");
    settle(descriptor, file());
    assert.equal(call("replace", table, descriptor, opened, 0), descriptor);
  });

  it("is free in a copy of the table, and closed with it", () => {
    reserve();
    const copy = address("duplicate", table);
    assert.equal(call("add", copy, file(), 0, 0), 0);
    call("closeOnExecute", table);
    assert.equal(reserve(), 1);
  });

  it("is none when there is none, or no memory", () => {
    for (let i = 0; i < FIRST; i++) add();
    const giveBack = leaveFrames(0);
    assert.equal(reserve(), ENOMEM);
    giveBack();
    for (let i = FIRST; i < LARGEST; i++) add();
    assert.equal(reserve(), EMFILE);
  });
});

describe("a file that is closed", () => {
  it("loses a reference, and its number is free", () => {
    const opened = file();
    const descriptor = add(opened, 0, FD_CLOEXEC);
    assert.equal(call("close", table, descriptor), 0);
    assert.equal(references(opened), 1);
    assert.equal(get(descriptor), 0);
    assert.equal(call("flags", table, descriptor), 0);
  });

  it("must be open", () => {
    const opened = file();
    add(opened);
    for (const descriptor of [1, FIRST, LARGEST, 0xffffffff]) {
      assert.equal(call("close", table, descriptor), EBADF);
    }
    call("close", table, 0);
    assert.equal(call("close", table, 0), EBADF);
    assert.equal(references(opened), 1);
  });

  it("by execve is one that asked for it, and no other", () => {
    const [kept, closed, last] = [file(), file(), file()];
    add(kept, 0, 0);
    add(closed, 1, FD_CLOEXEC);
    add(last, FIRST - 1, FD_CLOEXEC);
    call("closeOnExecute", table);
    assert.deepEqual([get(0), get(1), get(FIRST - 1)], [kept, 0, 0]);
    assert.deepEqual([kept, closed, last].map(references), [2, 1, 1]);
  });
});

describe("a descriptor that is replaced", () => {
  it("refers to the new file, and the old one is closed", () => {
    const [before, after] = [file(), file()];
    add(before, 0, FD_CLOEXEC);
    assert.equal(call("replace", table, 0, after, 0), 0);
    assert.equal(get(0), after);
    assert.equal(call("flags", table, 0), 0);
    assert.deepEqual([before, after].map(references), [1, 2]);
  });

  it("may have been free, also past the end of the table", () => {
    const opened = file();
    assert.equal(call("replace", table, 7, opened, FD_CLOEXEC), 7);
    assert.equal(call("flags", table, 7), FD_CLOEXEC);
    assert.equal(call("replace", table, LARGEST - 1, file(), 0), LARGEST - 1);
    assert.equal(get(7), opened);
  });

  it("must be one that a table can have", () => {
    const opened = file();
    assert.equal(call("replace", table, LARGEST, opened, 0), EBADF);
    assert.equal(call("replace", table, 0xffffffff, opened, 0), EBADF);
    assert.equal(references(opened), 2);
  });

  it("stays as it is when there is no memory for a larger table", () => {
    const opened = file();
    leaveFrames(0);
    assert.equal(call("replace", table, LARGEST - 1, opened, 0), ENOMEM);
    assert.equal(references(opened), 2);
    assert.equal(get(LARGEST - 1), 0);
  });
});

describe("a table that is duplicated", () => {
  it("refers to the same files with the same flags", () => {
    const [first, second] = [file(), file()];
    add(first, 3, FD_CLOEXEC);
    add(second, 100);
    const copy = address("duplicate", table);
    assert.deepEqual([get(3, copy), get(100, copy), get(4, copy)], [first, second, 0]);
    assert.deepEqual([call("flags", copy, 3), call("flags", copy, 100)], [FD_CLOEXEC, 0]);
    assert.deepEqual([first, second].map(references), [3, 3]);
  });

  it("has entries of its own", () => {
    const opened = file();
    add(opened);
    const copy = address("duplicate", table);
    call("close", table, 0);
    assert.equal(get(0, copy), opened);
    assert.equal(references(opened), 2);
  });

  it("is not without memory, and gives back what it got", () => {
    const opened = file();
    // The entries take two pages then, and the copy's first ones a place that is there already.
    add(opened, LARGEST - 1);
    const before = taken();
    for (const left of [0, 1]) {
      const giveBack = leaveFrames(left);
      assert.equal(call("duplicate", table), 0, `with ${left} frames`);
      giveBack();
      assert.equal(taken(), before);
      assert.equal(references(opened), 2);
    }
  });
});
