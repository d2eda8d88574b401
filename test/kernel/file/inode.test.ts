import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from "../../../src/abi/files";
import { compileTree, DIRECTORY, FILE, framesLostByMounts, type Tree } from "./file-tree";

const startTree = compileTree();

let tree: Tree;

describe("an inode", () => {
  beforeEach(() => {
    tree = startTree();
  });

  it("takes its file system along if that was made for a mount", () => {
    const point = tree.make(tree.root, "point", DIRECTORY);
    assert.equal(framesLostByMounts(tree, point), 0);
  });

  it("is of the kind that its mode says, whatever its permissions", () => {
    const types = [S_IFDIR, S_IFREG, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK];
    const entry = tree.make(tree.root, "x");
    const kinds = types.map((type) => {
      tree.call("setMode", entry, type | 0o7777);
      return tree.call("kinds", entry);
    });
    assert.deepEqual(kinds, [1, 2, 4, 8, 8, 16, 32]);
    tree.call("setMode", entry, FILE);
  });

  it("has a number of its own", () => {
    const entries = [tree.root, tree.make(tree.root, "a"), tree.make(tree.root, "b")];
    const numbers = entries.map((entry) => tree.call("number", entry));
    assert.equal(new Set(numbers).size, 3);
    assert.ok(numbers.every((number) => number > 0));
  });

  it("has the size of its contents, or of its text", () => {
    const file = tree.make(tree.root, "file");
    assert.equal(tree.call("size", file), 0);
    tree.call("fill", file, "hello", 5);
    assert.equal(tree.call("size", file), 5);
    assert.equal(tree.call("size", tree.link(tree.root, "link", "target")), 6);
    assert.equal(tree.call("size", tree.make(tree.root, "folder", DIRECTORY)), 0);
  });

  it("goes with its last reference, and gives back all that it held", () => {
    tree.make(tree.root, "warm");
    const free = tree.call("freeCount");
    const count = tree.call("inodeCount", tree.root);
    for (let i = 0; i < 100; i++) {
      const file = tree.make(tree.root, "file");
      tree.call("fill", file, "x".repeat(9000), 9000);
      tree.call("removeFile", file);
      tree.call("removeFile", tree.link(tree.root, "link", "t".repeat(1000)));
    }
    assert.equal(tree.call("freeCount"), free);
    assert.equal(tree.call("inodeCount", tree.root), count);
  });

  it("is none without memory, nor is its text", () => {
    const link = tree.make(tree.root, "link", S_IFLNK | 0o777);
    tree.call("takeFrames", 0);
    let inode = 1;
    for (let i = 0; i < 100 && inode !== 0; i++) inode = tree.call("newInode", FILE);
    assert.equal(inode, 0);
    assert.equal(tree.call("setText", link, "x".repeat(3000), 3000), 0);
    assert.equal(tree.call("size", link), 0);
  });
});
