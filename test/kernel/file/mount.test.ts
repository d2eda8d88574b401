import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, framesLostByMounts, type Tree } from "./file-tree";

const startTree = compileTree();
const FILE_END = 0;
const [EBUSY, ELOOP] = [-16, -40];

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

describe("a mount of a view", () => {
  let folder = 0;
  let view = 0;
  const resolve = (path: string) => tree.call("resolve", tree.root, tree.root, path, FILE_END);
  /** What a path leads to, which nobody holds afterwards. */
  const look = (path: string) => {
    const found = resolve(path);
    if (found > 0) tree.call("release", found);
    return found;
  };
  const unmount = (root: number, isLazy = 0) => {
    tree.call("retain", root);
    const result = tree.call("unmount", root, isLazy);
    tree.call("release", root);
    return result;
  };

  beforeEach(() => {
    tree = startTree();
    tree.call("actAs", 0, 0);
    folder = tree.make(tree.root, "folder", DIRECTORY);
    point = tree.make(tree.root, "point", DIRECTORY);
    tree.make(tree.make(folder, "sub", DIRECTORY), "file");
    view = tree.call("mountView", folder, point);
  });

  it("is told to show its kind, or what is said", () => {
    const source = (root: number) => tree.machine.part.text(tree.call("sourceOf", root));
    assert.equal(source(view), "tmpfs");
    tree.call("mountFrom", tree.call("newView", folder), view, "disk");
    assert.equal(source(look("/point")), "disk");
  });

  it("leaves the others in their order", () => {
    const other = tree.make(tree.root, "other", DIRECTORY);
    const second = tree.call("mountView", folder, other);
    assert.equal(unmount(second), 0);
    assert.equal(tree.call("mountCount"), 2);
    const third = tree.call("mountView", folder, other);
    assert.equal(tree.call("mountCount"), 3);
    assert.equal(unmount(view), 0);
    assert.equal(unmount(third), 0);
    assert.equal(tree.call("mountCount"), 1);
  });

  it("is not ended while it is used, but if that is wanted", () => {
    const held = resolve("/point/sub");
    assert.equal(unmount(view), EBUSY);
    assert.equal(look("/point/sub"), held);
    assert.equal(unmount(view, 1), 0);
    assert.equal(look("/point"), point);
    assert.equal(tree.call("removeDirectory", point), 0);
  });

  it("is ended when nobody uses it", () => {
    look("/point/sub/file");
    assert.equal(unmount(view), 0);
    assert.equal(look("/point"), point);
    assert.equal(tree.call("mountDevices"), 1);
  });

  it("takes along what is mounted in it, however deep", () => {
    const first = tree.call("mountTmpfs", resolve("/point/sub"));
    const inner = tree.make(first, "inner", DIRECTORY);
    tree.call("mountTmpfs", inner);
    const apart = tree.make(tree.root, "apart", DIRECTORY);
    const other = tree.call("mountTmpfs", apart);
    assert.equal(unmount(view, 1), 0);
    assert.equal(tree.call("mountCount"), 2);
    assert.equal(look("/apart"), other);
  });

  it("gives its tree's memory back with the last that shows it", () => {
    assert.equal(framesLostByMounts(tree, point), 0);
  });

  it("that is written cannot become one that is only read", () => {
    assert.equal(tree.call("protect", view, 2, 0), 0);
    tree.call("countWriter", resolve("/point/sub/file"), 1);
    assert.equal(tree.call("protect", view, 1, 0), EBUSY);
    // Where it is seen besides, it is written by nobody.
    assert.equal(tree.call("protect", tree.root, 1, 0), 0);
    // All of the tree is written where any of it is.
    assert.equal(tree.call("protect", tree.root, 1, 1), EBUSY);
    tree.call("countWriter", resolve("/point/sub/file"), -1);
    assert.equal(tree.call("protect", view, 1, 0), 0);
    tree.call("protect", tree.root, 0, 0);
    tree.call("countWriter", resolve("/folder/sub/file"), 1);
    assert.equal(tree.call("protect", tree.root, 1, 0), EBUSY);
    assert.equal(tree.call("protect", view, 1, 0), 0);
  });

  it("has flags that are those of all that is seen in it", () => {
    const flags = (path: string) => tree.call("mountFlags", resolve(path));
    assert.equal(flags("/point/sub"), 0);
    tree.call("protect", view, 5, 0);
    assert.deepEqual([flags("/point/sub/file"), flags("/point"), flags("/folder")], [5, 5, 0]);
    const root = view;
    tree.call("retain", root);
    tree.call("unmount", root, 1);
    assert.equal(tree.call("mountFlags", root), 0);
  });

  it("is where the path led that was resolved last, or where a name was missing", () => {
    tree.call("protect", view, 8, 0);
    look("/point/sub/file");
    const seen = tree.call("seenIn");
    assert.equal(seen, tree.call("mountOf", view));
    assert.equal(tree.call("restrictions"), 8);
    look("/folder/sub/file");
    assert.equal(tree.call("seenIn"), tree.call("mountOf", tree.root));
    assert.equal(tree.call("restrictions"), 0);
    look("/point/none");
    assert.equal(tree.call("seenIn"), seen);
    tree.call("noteSeen", 0);
    assert.deepEqual([tree.call("seenIn"), tree.call("restrictions")], [0, 0]);
  });

  it("of the kernel's own tree stays", () => {
    const apart = tree.make(tree.root, "apart", DIRECTORY);
    const other = tree.call("mountTmpfs", apart);
    tree.call("retain", other);
    assert.deepEqual([tree.call("unmount", other, 0), tree.call("unmount", other, 1)], [-16, -16]);
    assert.equal(look("/apart"), other);
    // In one that goes it goes out of sight alone.
    assert.equal(tree.call("moveMount", other, resolve("/point/sub")), 0);
    assert.equal(tree.call("unmount", view, 1), 0);
    assert.equal(look("/apart"), apart);
    assert.equal(tree.call("entryReferences", other), 2);
  });

  it("is moved with what is mounted in it, and not into itself", () => {
    const inner = tree.call("mountTmpfs", resolve("/point/sub"));
    const apart = tree.make(tree.root, "apart", DIRECTORY);
    assert.equal(tree.call("moveMount", view, tree.make(inner, "in", DIRECTORY)), ELOOP);
    assert.equal(tree.call("moveMount", view, view), ELOOP);
    assert.equal(tree.call("moveMount", view, apart), 0);
    assert.deepEqual([look("/apart"), look("/apart/sub"), look("/point")], [view, inner, point]);
    assert.equal(tree.call("removeDirectory", point), 0);
    assert.equal(tree.call("removeDirectory", apart), EBUSY);
    assert.equal(unmount(view, 1), 0);
    assert.equal(tree.call("mountCount"), 1);
  });
});
