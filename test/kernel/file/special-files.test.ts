import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK } from "../../../src/abi/files";
import { compileTree, type Tree } from "./file-tree";

const startTree = compileTree();

const NULL = 0x103;
let tree: Tree;
const operations = (mode: number, device = 0) =>
  tree.call("operations", tree.make(tree.root, `${mode}-${device}-${names++}`, mode, device));
let names = 0;

describe("a special file", () => {
  beforeEach(() => {
    tree = startTree();
    tree.call("register", S_IFCHR, NULL, 0x1000, 11);
    tree.call("register", S_IFBLK, NULL, 0x2000, 22);
    tree.call("register", S_IFIFO, 0, 0x3000, 33);
  });

  it("does what is registered for its type and number", () => {
    assert.equal(operations(S_IFCHR, NULL), 0x1000);
    assert.equal(operations(S_IFBLK, NULL), 0x2000);
    assert.equal(operations(S_IFIFO), 0x3000);
    const entry = tree.make(tree.root, "null", S_IFCHR, NULL);
    assert.deepEqual([tree.call("data", entry), tree.call("device", entry)], [11, NULL]);
  });

  it("has a name and nothing else if nothing is registered", () => {
    assert.equal(operations(S_IFCHR, 0x104), 0);
    assert.equal(operations(S_IFSOCK, NULL), 0);
    assert.equal(tree.call("device", tree.make(tree.root, "x", S_IFCHR, 0x104)), 0x104);
  });

  it("has no number if it is not a device", () => {
    const fifo = tree.make(tree.root, "fifo", S_IFIFO, 7);
    assert.deepEqual([tree.call("device", fifo), tree.call("data", fifo)], [0, 33]);
  });
});
