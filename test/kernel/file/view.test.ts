import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, framesLostByMounts, type Tree } from "./file-tree";

const startTree = compileTree();
const FILE_END = 0;
const [ENOENT, EBUSY, ENOMEM] = [-2, -16, -12];

let tree: Tree;
let folder = 0;
let point = 0;
/** A view of the folder, mounted at the point. */
let view = 0;
const find = (name: string, at: number) => tree.named("find", at, name);
const resolve = (path: string) => tree.call("resolve", tree.root, tree.root, path, FILE_END);
/** What a path leads to, which nobody holds afterwards. */
function look(path: string): number {
  const found = resolve(path);
  if (found > 0) tree.call("release", found);
  return found;
}
const path = (entry: number) => tree.machine.part.text(tree.call("pathText", entry, tree.root));
const references = (entry: number) => tree.call("entryReferences", entry);

beforeEach(() => {
  tree = startTree();
  tree.call("actAs", 0, 0);
  folder = tree.make(tree.root, "folder", DIRECTORY);
  point = tree.make(tree.root, "point", DIRECTORY);
  tree.make(tree.make(folder, "sub", DIRECTORY), "file");
  view = tree.call("mountView", folder, point);
});

describe("a view", () => {
  it("has the files of what it shows, under names of its own", () => {
    const file = resolve("/point/sub/file");
    assert.equal(tree.call("inode", file), tree.call("inode", find("file", find("sub", folder))));
    assert.equal(tree.call("real", file), find("file", find("sub", folder)));
    assert.equal(path(file), "/point/sub/file");
    assert.equal(look("/point/none"), ENOENT);
  });

  it("is left at its root, to where it is mounted", () => {
    assert.equal(look("/point/sub/.."), view);
    assert.equal(look("/point/.."), tree.root);
  });

  it("has one entry for each file, for as long as it is used", () => {
    const file = resolve("/point/sub/file");
    assert.equal(resolve("/point/sub/../sub/file"), file);
    assert.equal(references(file), 2);
    tree.call("release", file);
    tree.call("release", file);
    assert.equal(tree.call("firstChild", view), 0);
    assert.equal(references(view), 1);
  });

  it("shows what has come in place of another file of that name", () => {
    const sub = find("sub", folder);
    const held = resolve("/point/sub/file");
    tree.call("removeFile", find("file", sub));
    assert.equal(tree.call("isRemoved", held), 1);
    assert.equal(look("/point/sub/file"), ENOENT);
    const made = tree.make(sub, "file");
    const found = resolve("/point/sub/file");
    assert.notEqual(found, held);
    assert.equal(tree.call("real", found), made);
  });

  it("follows links within itself", () => {
    tree.link(folder, "link", "sub/file");
    const found = resolve("/point/link");
    assert.equal(path(found), "/point/sub/file");
  });

  it("finds what is mounted in it, and in it alone", () => {
    const sub = resolve("/point/sub");
    const mounted = tree.call("mountTmpfs", sub);
    assert.equal(look("/point/sub"), mounted);
    assert.equal(look("/folder/sub"), find("sub", folder));
    assert.equal(tree.call("removeDirectory", find("sub", folder)), EBUSY);
  });

  it("of a file is the file", () => {
    const one = find("file", find("sub", folder));
    const other = tree.make(tree.root, "other");
    const root = tree.call("mountView", one, other);
    assert.equal(look("/other"), root);
    assert.equal(tree.call("inode", root), tree.call("inode", one));
  });

  it("shows deep files, one directory after the other", () => {
    const deep = tree.make(find("sub", folder), "deep", DIRECTORY);
    const found = tree.call("viewBelow", view, deep);
    assert.equal(path(found), "/point/sub/deep");
    tree.call("release", found);
    assert.equal(references(view), 1);
    assert.equal(tree.call("viewBelow", view, folder), view);
  });

  it("knows what is within a directory", () => {
    const within = (directory: number, entry: number) => tree.call("isWithin", directory, entry);
    const sub = find("sub", folder);
    assert.deepEqual([within(folder, sub), within(folder, folder)], [1, 1]);
    assert.deepEqual([within(sub, folder), within(sub, tree.root)], [0, 0]);
    assert.equal(within(tree.root, sub), 1);
  });

  it("takes its tree along if it was the last", () => {
    assert.equal(framesLostByMounts(tree, tree.make(tree.root, "place", DIRECTORY)), 0);
  });

  it("is none without memory, and leaves nothing behind", () => {
    const before = [references(folder), tree.call("references", folder)];
    tree.call("takeFrames", 0);
    while (tree.call("newView", folder) !== 0);
    const made = references(folder) - (before[0] ?? 0);
    assert.equal(tree.call("references", folder), (before[1] ?? 0) + made);
    assert.equal(look("/point/sub"), ENOMEM);
    assert.equal(references(view), 1);
  });
});
