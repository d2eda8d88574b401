import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, FILE, framesLostByMounts, type Tree } from "./file-tree";

const startTree = compileTree();

let tree: Tree;
const make = (name: string) => tree.make(tree.root, name);
const find = (name: string, at = tree.root) => tree.named("find", at, name);

/** An entry with an inode of its own, in no list. */
function newEntry(parent: number, name: string): number {
  return tree.call("newEntry", parent, tree.call("newInode", FILE), name, name.length);
}

describe("a directory entry", () => {
  beforeEach(() => {
    tree = startTree();
  });

  it("goes with the last view of its tree", () => {
    const point = tree.make(tree.root, "point", DIRECTORY);
    assert.equal(framesLostByMounts(tree, point), 0);
  });

  it("is found by its name in its directory, and in no other", () => {
    const folder = tree.make(tree.root, "folder", 0o40755);
    const inRoot = make("x");
    const inFolder = tree.make(folder, "x");
    assert.equal(find("x"), inRoot);
    assert.equal(find("x", folder), inFolder);
    assert.equal(find("folder", folder), 0);
    assert.notEqual(inRoot, inFolder);
  });

  it("is told from names that differ in one byte or in their length", () => {
    make("name");
    for (const other of ["game", "namf", "nam", "names", ""]) assert.equal(find(other), 0, other);
    assert.notEqual(find("name"), 0);
  });

  it("keeps its place among the others", () => {
    for (const name of ["b", "a", "c"]) make(name);
    assert.deepEqual(tree.names(tree.root), ["b", "a", "c"]);
  });

  it("leaves the list from its start, its middle and its end", () => {
    for (const gone of ["a", "b", "c"]) {
      tree = startTree();
      for (const name of ["a", "b", "c"]) make(name);
      tree.call("unlinkEntry", find(gone));
      assert.equal(find(gone), 0);
      assert.deepEqual(
        tree.names(tree.root),
        ["a", "b", "c"].filter((name) => name !== gone),
      );
    }
  });

  it("has a position that grows and is never given twice", () => {
    const positions = ["a", "b"].map((name) => tree.call("position", make(name)));
    tree.call("unlinkEntry", find("b"));
    positions.push(tree.call("position", make("c")));
    assert.deepEqual(
      positions,
      [...new Set(positions)].sort((a, b) => a - b),
    );
  });

  it("is found among thousands without a search", () => {
    tree = startTree(1400);
    const entries = Array.from({ length: 1500 }, (_, i) => make(`file${i}`));
    for (const i of [0, 1, 255, 256, 257, 511, 512, 513, 1499]) {
      assert.equal(find(`file${i}`), entries[i], `file${i}`);
    }
    assert.equal(find("file1500"), 0);
    assert.equal(tree.call("bucketCount"), 2048);
    for (const [i, entry] of entries.entries()) {
      tree.call("unlinkEntry", entry);
      assert.equal(find(`file${i}`), 0);
    }
    assert.deepEqual(tree.names(tree.root), []);
  });

  it("is found without memory for a larger table, too", () => {
    tree = startTree(1400);
    const entries = Array.from({ length: 255 }, (_, i) => make(`file${i}`));
    tree.call("takeFrames", 0);
    // What is left of the pages that have entries already.
    const more: number[] = [];
    for (let i = 255; i < 300; i++) {
      const entry = make(`file${i}`);
      if (entry > 0) more.push(entry);
    }
    for (const [i, entry] of [...entries, ...more].entries()) assert.equal(find(`file${i}`), entry);
  });

  it("holds its inode and its parent until the last reference goes", () => {
    const folder = tree.make(tree.root, "folder", 0o40755);
    const free = tree.call("inodeCount", tree.root);
    const parents = tree.call("entryReferences", folder);
    const entry = newEntry(folder, "x");
    tree.call("linkEntry", folder, entry);
    tree.call("retain", entry);
    assert.equal(tree.call("entryReferences", folder), parents + 1);
    tree.call("release", entry);
    assert.equal(find("x", folder), entry);
    tree.call("release", entry);
    assert.equal(find("x", folder), 0);
    assert.equal(tree.call("entryReferences", folder), parents);
    assert.equal(tree.call("inodeCount", tree.root), free);
  });

  it("lets go of all directories above it that nobody else holds", () => {
    const count = tree.call("inodeCount", tree.root);
    const outer = newEntry(tree.root, "outer");
    const inner = newEntry(outer, "inner");
    const file = newEntry(inner, "file");
    tree.call("release", outer);
    tree.call("release", inner);
    assert.equal(tree.call("inodeCount", tree.root), count + 3);
    tree.call("release", file);
    assert.equal(tree.call("inodeCount", tree.root), count);
    assert.equal(tree.call("isLinked", tree.root), 0);
    assert.equal(tree.call("isRoot", tree.root), 1);
  });

  it("can be a root, which goes without a parent", () => {
    const count = tree.call("inodeCount", tree.root);
    const root = newEntry(0, "");
    assert.equal(tree.call("isRoot", root), 1);
    tree.call("release", root);
    assert.equal(tree.call("inodeCount", tree.root), count);
  });

  it("gives back what it took, the copy of its name included", () => {
    make("warm");
    const free = tree.call("freeCount");
    for (let i = 0; i < 300; i++) {
      const entry = newEntry(tree.root, `name ${i} ${"x".repeat(200)}`);
      tree.named("rename", entry, "y".repeat(250));
      tree.call("release", entry);
    }
    assert.equal(tree.call("freeCount"), free);
  });

  it("keeps its name when there is no memory for another", () => {
    const entry = newEntry(tree.root, "old");
    tree.call("takeFrames", 0);
    while (tree.named("rename", entry, "n".repeat(200)) !== 0);
    assert.equal(tree.named("rename", entry, "n".repeat(251)), 0);
  });

  it("has no table without memory", () => {
    assert.equal(tree.call("startEntries"), 1);
    tree.call("takeFrames", 0);
    for (let i = 0; i < 20; i++) tree.call("newInode", FILE);
    let started = 1;
    for (let i = 0; i < 20 && started === 1; i++) started = tree.call("startEntries");
    assert.equal(started, 0);
  });

  it("is none without memory", () => {
    const inode = tree.call("newInode", FILE);
    const references = tree.call("entryReferences", tree.root);
    tree.call("takeFrames", 0);
    let last = 1;
    for (let i = 0; i < 200 && last !== 0; i++) last = tree.call("newEntry", 0, inode, "x", 1);
    assert.equal(last, 0);
    assert.equal(tree.call("newEntry", tree.root, inode, "x".repeat(250), 250), 0);
    assert.equal(tree.call("entryReferences", tree.root), references);
  });

  it("counts what changes", () => {
    const before = tree.call("version");
    const entry = make("a");
    assert.equal(tree.call("version"), before + 1);
    tree.call("unlinkEntry", entry);
    assert.equal(tree.call("version"), before + 2);
  });
});
