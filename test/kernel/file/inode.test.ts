import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG } from "../../../src/abi/files";
import { BOOT_PAGES, type Machine, machineFor } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import * as inodes from "./kernel/file/inode";
  import { allocateFrame, freeFrameCount } from "./kernel/memory/frames";
  export function takeAllFrames(): void { while (freeFrameCount() !== 0) allocateFrame(); }
  function at(inode: usize): inodes.Inode { return changetype<inodes.Inode>(inode); }
  export function createRoot(): usize { return changetype<usize>(inodes.createRoot()); }
  export function root(): usize { return changetype<usize>(inodes.rootDirectory()); }
  export function create(mode: u32, name: usize, length: u32): usize {
    return changetype<usize>(inodes.createInode(mode, name, length));
  }
  export function add(directory: usize, child: usize): void { at(directory).add(at(child)); }
  export function find(directory: usize, name: usize, length: u32): usize {
    return changetype<usize>(at(directory).find(name, length));
  }
  export function parent(inode: usize): usize { return changetype<usize>(at(inode).parent); }
  export function first(inode: usize): usize { return changetype<usize>(at(inode).firstChild); }
  export function next(inode: usize): usize { return changetype<usize>(at(inode).next); }
  export function number(inode: usize): u32 { return at(inode).number; }
  export function mode(inode: usize): u32 { return at(inode).mode; }
  export function kinds(inode: usize): u32 {
    const it = at(inode);
    return (it.isDirectory ? 1 : 0) | (it.isRegular ? 2 : 0) | (it.isLink ? 4 : 0) |
      (it.isDevice ? 8 : 0);
  }
`);

let machine: Machine;
let root = 0;
/** Where the next name goes. */
let names = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);

/** An inode whose name lies somewhere, with other bytes after it. */
function create(name: string, mode = S_IFREG): number {
  machine.part.write(names, `${name}!`);
  const inode = call("create", mode, names, name.length);
  names += name.length + 1;
  return inode;
}

function add(name: string): number {
  const inode = create(name);
  call("add", root, inode);
  return inode;
}

function find(name: string): number {
  machine.part.write(names, name);
  return call("find", root, names, name.length);
}

describe("an inode", () => {
  beforeEach(() => {
    machine = start();
    call("start", 16);
    names = machine.part.area;
    root = call("createRoot");
  });

  it("is of the kind that its mode says, whatever its permissions", () => {
    const kinds = [S_IFDIR, S_IFREG, S_IFLNK, S_IFCHR].map((type) =>
      call("kinds", create("x", type | 0o7777)),
    );
    assert.deepEqual(kinds, [1, 2, 4, 8]);
  });

  it("has a number of its own", () => {
    const numbers = [root, create("a"), create("b")].map((inode) => call("number", inode));
    assert.equal(new Set(numbers).size, 3);
    assert.ok(numbers.every((number) => number > 0));
  });

  it("is in no directory at first", () => {
    const inode = create("a");
    assert.deepEqual([call("parent", inode), call("next", inode)], [0, 0]);
  });

  it("is none without memory", () => {
    call("takeAllFrames");
    // What is left of the page that has inodes already.
    for (let i = 0; i < 64; i++) create("x");
    assert.equal(create("x"), 0);
    assert.equal(call("createRoot"), 0);
  });
});

describe("the root", () => {
  beforeEach(() => {
    machine = start();
    call("start", 16);
    root = call("createRoot");
  });

  it("is a directory that is in itself", () => {
    assert.equal(call("root"), root);
    assert.equal(call("parent", root), root);
    assert.equal(call("mode", root), S_IFDIR | 0o755);
  });
});

describe("a directory", () => {
  beforeEach(() => {
    machine = start();
    call("start", 16);
    names = machine.part.area;
    root = call("createRoot");
  });

  it("finds nothing while it is empty", () => {
    assert.equal(find("a"), 0);
  });

  it("finds each child by its name", () => {
    const children = ["one", "two", "three"].map(add);
    assert.deepEqual(["one", "two", "three"].map(find), children);
    for (const child of children) assert.equal(call("parent", child), root);
  });

  it("keeps its children in the order in which they came", () => {
    const children = ["b", "a", "c"].map(add);
    const found: number[] = [];
    for (let at = call("first", root); at !== 0 && found.length < 9; at = call("next", at)) {
      found.push(at);
    }
    assert.deepEqual(found, children);
  });

  it("tells names apart that differ in their first or last byte, or their length", () => {
    add("name");
    for (const other of ["game", "namf", "nam", "names", ""]) assert.equal(find(other), 0, other);
    assert.notEqual(find("name"), 0);
  });
});
