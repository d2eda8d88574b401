import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, type Tree } from "./file-tree";

const startTree = compileTree();

let tree: Tree;
let point = 0;
const topOf = (entry: number) => tree.call("topOf", entry);
const parentOf = (entry: number, limit = tree.root) => tree.call("parentOf", entry, limit);

describe("a mount", () => {
  beforeEach(() => {
    tree = startTree();
    point = tree.make(tree.make(tree.root, "a", DIRECTORY), "point", DIRECTORY);
  });

  it("covers its point with the root of its tree", () => {
    assert.equal(topOf(point), point);
    const root = tree.call("mountTmpfs", point);
    assert.equal(topOf(point), root);
    assert.equal(topOf(root), root);
    assert.equal(topOf(tree.root), tree.root);
  });

  it("can cover another", () => {
    const first = tree.call("mountTmpfs", point);
    const second = tree.call("mountTmpfs", first);
    assert.equal(topOf(point), second);
    assert.equal(parentOf(second), tree.named("find", tree.root, "a"));
  });

  it("is left by its parent, as paths see it", () => {
    const root = tree.call("mountTmpfs", point);
    const inside = tree.make(root, "inside", DIRECTORY);
    assert.equal(parentOf(inside), root);
    assert.equal(parentOf(root), tree.named("find", tree.root, "a"));
    assert.equal(parentOf(tree.root), tree.root);
  });

  it("can be in a directory that is covered itself", () => {
    const cover = tree.call("mountTmpfs", tree.named("find", tree.root, "a"));
    const inner = tree.make(cover, "inner", DIRECTORY);
    assert.equal(parentOf(tree.call("mountTmpfs", inner)), cover);
  });

  it("is not left at the limit", () => {
    const root = tree.call("mountTmpfs", point);
    assert.equal(parentOf(root, root), root);
    assert.equal(parentOf(point, point), point);
  });

  it("gives each file system a device number, in the order of the mounts", () => {
    tree.call("mountTmpfs", point);
    tree.call("mountTmpfs", tree.root);
    assert.equal(tree.call("mountDevices"), 123);
  });

  it("is none without memory", () => {
    for (let i = 0; i < 2000; i++) {
      if (tree.call("freeCount") === 0) break;
      tree.call("takeFrames", Math.max(0, tree.call("freeCount") - 1));
    }
    let mounted = 1;
    for (let i = 0; i < 300 && mounted > 0; i++) {
      try {
        mounted = tree.call("mountTmpfs", point);
      } catch {
        mounted = 0;
      }
    }
    assert.equal(mounted, 0);
  });
});
