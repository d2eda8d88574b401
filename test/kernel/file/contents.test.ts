import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, type Tree } from "./file-tree";

const startTree = compileTree();

const PAGE = 4096;
let tree: Tree;
let file = 0;
let target = 0;

/** What is read from a place on, as far as there is something. */
function read(position: number, size: number): string {
  tree.machine.part.write(target, "#".repeat(size + 1));
  const count = tree.call("readContents", file, position, target, size);
  assert.equal(Buffer.from(tree.machine.part.read(target + count, 1)).toString(), "#");
  return Buffer.from(tree.machine.part.read(target, count)).toString();
}

describe("the contents of a file", () => {
  beforeEach(() => {
    tree = startTree();
    file = tree.make(tree.root, "file");
    // Texts for calls lie before this.
    target = tree.machine.part.area + 40000;
  });

  it("are read as they were filled in, across pages", () => {
    const text = "0123456789abcdef".repeat(600);
    assert.equal(tree.call("fill", file, text, text.length), 1);
    assert.equal(read(0, 20), text.slice(0, 20));
    assert.equal(read(PAGE - 7, 30), text.slice(PAGE - 7, PAGE + 23));
    assert.equal(read(5, 2 * PAGE), text.slice(5, 5 + 2 * PAGE));
    assert.equal(read(0, 20000), text);
  });

  it("end at their size", () => {
    tree.call("fill", file, "hello", 5);
    assert.equal(read(3, 10), "lo");
    assert.equal(read(5, 10), "");
    assert.equal(read(50, 10), "");
    file = tree.make(tree.root, "folder", DIRECTORY);
    assert.equal(read(0, 10), "");
  });

  it("are zeros where nothing was written", () => {
    tree.call("fill", file, "x", 1);
    tree.call("grow", file, 3 * PAGE);
    assert.equal(read(2 * PAGE - 2, 4), "\0\0\0\0");
    assert.equal(read(0, 2), "x\0");
  });

  it("can be copied as a whole", () => {
    assert.equal(tree.call("copyContents", file), 0);
    const text = "some text ".repeat(1000);
    tree.call("fill", file, text, text.length);
    const free = tree.call("freeCount");
    const copy = tree.call("copyContents", file);
    assert.equal(Buffer.from(tree.machine.part.read(copy, text.length)).toString(), text);
    tree.call("freeCopy", copy);
    assert.equal(tree.call("freeCount"), free);
    tree.call("growFar", file);
    assert.equal(tree.call("copyContents", file), 0);
  });

  it("are not filled in or copied without memory", () => {
    const text = "x".repeat(5 * PAGE);
    tree.call("fill", file, text, text.length);
    tree.call("takeFrames", 3);
    assert.equal(tree.call("copyContents", file), 0);
    assert.equal(tree.call("fill", tree.make(tree.root, "new"), text, text.length), 0);
  });
});
