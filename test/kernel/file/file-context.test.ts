import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, type Tree } from "./file-tree";

const startTree = compileTree();

let tree: Tree;
let folder = 0;
let context = 0;
const references = (entry: number) => tree.call("entryReferences", entry);

describe("a file context", () => {
  beforeEach(() => {
    tree = startTree();
    folder = tree.make(tree.root, "folder", DIRECTORY);
    context = tree.call("newContext", tree.root, folder);
  });

  it("holds a root and a directory", () => {
    assert.equal(tree.call("contextRoot", context), tree.root);
    assert.equal(tree.call("contextDirectory", context), folder);
    assert.equal(tree.call("umask", context), 0o022);
    const held = [tree.root, folder].map(references);
    tree.call("releaseContext", context);
    assert.deepEqual(
      [tree.root, folder].map(references),
      held.map((count) => count - 1),
    );
  });

  it("lets go of a directory for another", () => {
    const [root, held] = [references(tree.root), references(folder)];
    tree.call("retain", tree.root);
    tree.call("setContextDirectory", context, tree.root);
    assert.deepEqual([references(tree.root), references(folder)], [root + 1, held - 1]);
    tree.call("retain", folder);
    tree.call("setContextRoot", context, folder);
    assert.equal(tree.call("contextRoot", context), folder);
    assert.deepEqual([references(tree.root), references(folder)], [root, held]);
  });

  it("is copied with all that it says", () => {
    tree.call("setUmask", context, 0o77);
    const copy = tree.call("copyContext", context);
    assert.notEqual(copy, context);
    assert.equal(tree.call("umask", copy), 0o77);
    assert.equal(tree.call("contextDirectory", copy), folder);
  });

  it("stays while somebody shares it", () => {
    const held = references(folder);
    tree.call("retainContext", context);
    tree.call("releaseContext", context);
    assert.equal(references(folder), held);
    tree.call("releaseContext", context);
    assert.equal(references(folder), held - 1);
  });

  it("is none without memory, nor is a copy", () => {
    tree.call("takeFrames", 0);
    let made = context;
    for (let i = 0; i < 300 && made !== 0; i++) made = tree.call("newContext", folder, folder);
    assert.equal(made, 0);
    assert.equal(tree.call("copyContext", context), 0);
  });
});
