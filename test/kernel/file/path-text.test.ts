import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, type Tree } from "./file-tree";

const startTree = compileTree();

const PATH_MAX = 4096;
let tree: Tree;

function textOf(entry: number, root = tree.root): string {
  const text = tree.machine.part.text(tree.call("pathText", entry, root));
  assert.equal(tree.call("pathLength"), text.length);
  return text;
}

describe("the path of an entry", () => {
  beforeEach(() => {
    tree = startTree();
  });

  it("leads to it from the root", () => {
    const bin = tree.make(tree.root, "bin", DIRECTORY);
    assert.equal(textOf(tree.root), "/");
    assert.equal(textOf(bin), "/bin");
    assert.equal(textOf(tree.make(bin, "shell")), "/bin/shell");
  });

  it("begins at the root that is asked for", () => {
    const bin = tree.make(tree.root, "bin", DIRECTORY);
    const shell = tree.make(bin, "shell");
    assert.equal(textOf(shell, bin), "/shell");
    assert.equal(textOf(bin, bin), "/");
  });

  it("does not reach what is outside of that root", () => {
    const bin = tree.make(tree.root, "bin", DIRECTORY);
    const other = tree.make(tree.root, "other", DIRECTORY);
    assert.equal(textOf(other, bin), "/other");
    assert.equal(tree.call("isReachable"), 0);
    assert.equal(textOf(tree.root, bin), "/");
    assert.equal(tree.call("isReachable"), 0);
    assert.equal(textOf(other), "/other");
    assert.equal(tree.call("isReachable"), 1);
    assert.equal(textOf(bin, bin), "/");
    assert.equal(tree.call("isReachable"), 1);
  });

  it("goes through mounts", () => {
    const point = tree.make(tree.make(tree.root, "a", DIRECTORY), "b", DIRECTORY);
    const first = tree.call("mountTmpfs", point);
    const root = tree.call("mountTmpfs", first);
    const inside = tree.make(root, "inside");
    assert.equal(textOf(root), "/a/b");
    assert.equal(textOf(inside), "/a/b/inside");
    assert.equal(textOf(inside, root), "/inside");
    assert.equal(textOf(root, root), "/");
  });

  it("says that the file was removed", () => {
    const file = tree.make(tree.root, "file");
    tree.call("retain", file);
    assert.equal(tree.call("isRemoved", file), 0);
    assert.equal(tree.call("isRemoved", tree.root), 0);
    tree.call("removeFile", file);
    assert.equal(tree.call("isRemoved", file), 1);
    assert.equal(textOf(file), "/file (deleted)");
  });

  it("loses its start when it is too long", () => {
    let at = tree.root;
    for (let i = 0; i < 25; i++) at = tree.make(at, `${i}`.padEnd(200, "x"), DIRECTORY);
    const text = textOf(at);
    assert.ok(text.length < PATH_MAX && text.length > PATH_MAX - 202);
    assert.ok(text.startsWith("/5xx") && text.endsWith(`/${"24".padEnd(200, "x")}`));
  });

  it("may have as many bytes as fit", () => {
    let at = tree.root;
    // 15 names of 255 bytes and one that leaves room for the NUL: 4095 bytes.
    for (let i = 0; i < 15; i++) at = tree.make(at, `${i}`.padEnd(255, "x"), DIRECTORY);
    const room = PATH_MAX - 1 - 15 * 256 - 1;
    assert.equal(textOf(tree.make(at, "y".repeat(room))).length, PATH_MAX - 1);
    const longer = textOf(tree.make(at, "z".repeat(room + 1)));
    assert.ok(longer.startsWith("/1xx"));
  });
});
