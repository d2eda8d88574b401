import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFREG,
  S_ISGID,
  S_ISUID,
  S_ISVTX,
} from "../../../src/abi/files";
import { compileTree, DIRECTORY, FILE, LINK, type Tree } from "./file-tree";

const startTree = compileTree();

const [EPERM, ENOENT, EACCES, EBUSY, EXDEV] = [-1, -2, -13, -16, -18];
const EOPNOTSUPP = -95;
const [ENOTDIR, EISDIR, EINVAL, ENOSPC, EROFS, ENOTEMPTY] = [-20, -21, -22, -28, -30, -39];
let tree: Tree;
const find = (name: string, at = tree.root) => tree.named("find", at, name);
const links = (entry: number) => tree.call("links", entry);
function move(entry: number, to: number, name: string, target: number): number {
  return tree.call("moveName", entry, to, name, name.length, target);
}

function start(): void {
  tree = startTree();
  tree.call("actAs", 0, 0);
}

describe("a new file", () => {
  beforeEach(start);

  it("belongs to who makes it", () => {
    tree.call("actAs", 5, 6);
    tree.call("setMode", tree.root, DIRECTORY | 0o777);
    const file = tree.make(tree.root, "file");
    assert.deepEqual([tree.call("owner", file), tree.call("group", file)], [5, 6]);
    assert.equal(tree.call("mode", file), FILE);
    assert.equal(links(file), 1);
  });

  it("belongs to the directory's group if that says so, as directories in it do", () => {
    const folder = tree.make(tree.root, "folder", DIRECTORY | S_ISGID);
    tree.call("setOwner", folder, 1, 77);
    const file = tree.make(folder, "file");
    assert.deepEqual([tree.call("group", file), tree.call("mode", file)], [77, FILE]);
    const inner = tree.make(folder, "inner", DIRECTORY);
    assert.deepEqual(
      [tree.call("group", inner), tree.call("mode", inner)],
      [77, DIRECTORY | S_ISGID],
    );
    assert.equal(tree.call("group", tree.make(tree.root, "other", DIRECTORY)), 0);
  });

  it("is counted by its directory if it is one", () => {
    assert.equal(links(tree.root), 2);
    const folder = tree.make(tree.root, "folder", DIRECTORY);
    assert.deepEqual([links(tree.root), links(folder)], [3, 2]);
    tree.make(tree.root, "file");
    assert.equal(links(tree.root), 3);
  });

  it("can be made only in a directory that can be changed", () => {
    const file = tree.make(tree.root, "file");
    assert.equal(tree.make(file, "x"), ENOTDIR);
    const folder = tree.make(tree.root, "folder", DIRECTORY);
    tree.call("actAs", 5, 5);
    assert.equal(tree.make(folder, "x"), EACCES);
    tree.call("actAs", 0, 0);
    tree.call("retain", folder);
    tree.call("removeDirectory", folder);
    assert.equal(tree.make(folder, "x"), ENOENT);
    tree.call("setWritable", tree.root, 0);
    assert.equal(tree.make(tree.root, "x"), EROFS);
  });

  it("is a device only if who makes it may, but for the character device 0", () => {
    const node = (name: string, type: number, device: number) =>
      tree.make(tree.root, name, type | 0o666, device);
    assert.ok(node("null", S_IFCHR, 0x103) > 0);
    tree.call("setMode", tree.root, DIRECTORY | 0o777);
    tree.call("actAs", 5, 5);
    assert.equal(node("zero", S_IFCHR, 0x105), EPERM);
    assert.equal(node("block", S_IFBLK, 0), EPERM);
    assert.ok(node("none", S_IFCHR, 0) > 0);
    assert.ok(node("pipe", S_IFIFO, 7) > 0);
    assert.ok(node("file", S_IFREG, 7) > 0);
  });

  it("is none without memory, and leaves nothing behind", () => {
    const count = tree.call("inodeCount", tree.root);
    tree.call("takeFrames", 0);
    const made: number[] = [];
    let last = 0;
    for (let i = 0; i < 300 && last >= 0; i++) {
      last = tree.make(tree.root, `n${i}`);
      if (last > 0) made.push(last);
    }
    assert.equal(last, ENOSPC);
    for (let i = 0; i < 20; i++)
      assert.equal(tree.make(tree.root, "x".repeat(250), DIRECTORY), ENOSPC);
    assert.equal(tree.call("inodeCount", tree.root), count + made.length);
    assert.equal(tree.names(tree.root).length, made.length);
  });
});

describe("a new symbolic link", () => {
  beforeEach(start);

  it("has its text, or none yet", () => {
    assert.equal(tree.call("size", tree.link(tree.root, "to", "there")), "there".length);
    assert.equal(tree.call("data", tree.make(tree.root, "later", LINK)), 0);
  });

  it("is not there without memory for its text", () => {
    const text = "x".repeat(999);
    tree.call("takeFrames", 0);
    let made = 0;
    while (tree.link(tree.root, `n${made}`, text) > 0) made++;
    assert.equal(tree.link(tree.root, "last", text), ENOSPC);
    assert.equal(tree.names(tree.root).length, made);
    assert.equal(tree.call("inodeCount", tree.root), made + 1);
  });
});

describe("another name of a file", () => {
  beforeEach(start);

  it("leads to the same inode until all are gone", () => {
    const file = tree.make(tree.root, "one");
    assert.equal(tree.named("addLink", tree.root, "two", file), 0);
    const two = find("two");
    assert.equal(tree.call("inode", two), tree.call("inode", file));
    assert.equal(links(file), 2);
    const count = tree.call("inodeCount", tree.root);
    assert.equal(tree.call("removeFile", file), 0);
    assert.equal(links(two), 1);
    assert.equal(tree.call("removeFile", two), 0);
    assert.equal(tree.call("inodeCount", tree.root), count - 1);
  });

  it("is refused to directories, to files elsewhere, and where nothing can be made", () => {
    const folder = tree.make(tree.root, "folder", DIRECTORY);
    const file = tree.make(tree.root, "file");
    assert.equal(tree.named("addLink", tree.root, "x", folder), EPERM);
    const root = tree.call("mountTmpfs", folder);
    assert.equal(tree.named("addLink", root, "x", file), EXDEV);
    tree.call("setWritable", tree.root, 0);
    assert.equal(tree.named("addLink", tree.root, "x", file), EROFS);
    assert.equal(links(file), 1);
  });

  it("is none without memory", () => {
    const file = tree.make(tree.root, "file");
    const references = tree.call("references", file);
    tree.call("takeFrames", 0);
    const name = "x".repeat(250);
    let linked = 0;
    let result = 0;
    for (let i = 0; i < 300 && result === 0; i++) {
      result = tree.named("addLink", tree.root, `${i}${name}`.slice(0, 250), file);
      if (result === 0) linked++;
    }
    assert.equal(result, ENOSPC);
    assert.deepEqual(
      [tree.call("references", file), links(file)],
      [references + linked, 1 + linked],
    );
  });
});

describe("a file without a name", () => {
  beforeEach(start);
  const unnamed = (at = tree.root) => tree.call("makeUnnamed", at, FILE);

  it("belongs to who makes it, and may get a name", () => {
    const file = unnamed();
    assert.deepEqual([links(file), tree.call("mayGetName", file)], [0, 1]);
    assert.deepEqual([tree.call("isLinked", file), tree.call("parent", file)], [0, tree.root]);
    assert.equal(tree.named("addLink", tree.root, "x", file), 0);
    assert.equal(links(find("x")), 1);
    assert.equal(tree.call("inode", find("x")), tree.call("inode", file));
  });

  it("goes with its last reference", () => {
    const count = tree.call("inodeCount", tree.root);
    const file = unnamed();
    assert.equal(tree.call("inodeCount", tree.root), count + 1);
    tree.call("release", file);
    assert.equal(tree.call("inodeCount", tree.root), count);
  });

  it("is made only where a file could be", () => {
    const file = tree.make(tree.root, "file");
    assert.equal(unnamed(file), ENOTDIR);
    tree.call("setWritable", tree.root, 0);
    assert.equal(unnamed(), EROFS);
    tree.call("setWritable", tree.root, 1);
    tree.call("makeDynamic", tree.root);
    tree.call("forgetCreate", tree.root);
    assert.equal(unnamed(), EOPNOTSUPP);
  });

  it("is none without memory, and leaves nothing behind", () => {
    const count = tree.call("inodeCount", tree.root);
    tree.call("takeFrames", 0);
    let result = 0;
    let made = 0;
    for (let i = 0; i < 300 && result !== ENOSPC; i++) {
      result = unnamed();
      if (result !== ENOSPC) made++;
    }
    assert.equal(result, ENOSPC);
    assert.equal(tree.call("inodeCount", tree.root), count + made);
  });

  it("is none again once a file has lost its last one", () => {
    const file = tree.make(tree.root, "file");
    tree.call("retain", file);
    tree.call("removeFile", file);
    assert.equal(tree.named("addLink", tree.root, "x", file), ENOENT);
  });
});

describe("a name that is removed", () => {
  beforeEach(start);

  it("is gone, and its file with it unless somebody holds it", () => {
    const file = tree.make(tree.root, "file");
    tree.call("retain", file);
    assert.equal(tree.call("removeFile", file), 0);
    assert.equal(find("file"), 0);
    assert.equal(links(file), 0);
    assert.equal(tree.call("removeFile", file), ENOENT);
    tree.call("release", file);
  });

  it("is a file's or an empty directory's, as the caller says", () => {
    const folder = tree.make(tree.root, "folder", DIRECTORY);
    const file = tree.make(folder, "file");
    assert.equal(tree.call("removeFile", folder), EISDIR);
    assert.equal(tree.call("removeDirectory", file), ENOTDIR);
    assert.equal(tree.call("removeDirectory", folder), ENOTEMPTY);
    tree.call("removeFile", file);
    tree.call("retain", folder);
    assert.equal(tree.call("removeDirectory", folder), 0);
    assert.deepEqual([links(folder), links(tree.root)], [0, 2]);
  });

  it("is neither the root's nor a mount point's", () => {
    const point = tree.make(tree.root, "point", DIRECTORY);
    const root = tree.call("mountTmpfs", point);
    for (const entry of [tree.root, point, root]) {
      assert.equal(tree.call("removeDirectory", entry), EBUSY);
    }
  });

  it("must be in a directory that the caller may change", () => {
    const folder = tree.make(tree.root, "folder", DIRECTORY);
    const file = tree.make(folder, "file");
    tree.call("actAs", 5, 5);
    assert.equal(tree.call("removeFile", file), EACCES);
    tree.call("setOwner", folder, 5, 0);
    assert.equal(tree.call("removeFile", file), 0);
  });

  it("in a sticky directory is its owner's, the directory's owner's and the superuser's", () => {
    const tmp = tree.make(tree.root, "tmp", DIRECTORY | S_ISVTX | 0o777);
    const result = (user: number, sticky = true) => {
      tree.call("actAs", 0, 0);
      tree.call("setMode", tmp, DIRECTORY | (sticky ? S_ISVTX : 0) | 0o777);
      tree.call("setOwner", tmp, 3, 3);
      const file = tree.make(tmp, "file");
      tree.call("setOwner", file, 4, 4);
      tree.call("actAs", user, user);
      const removed = tree.call("removeFile", file);
      tree.call("actAs", 0, 0);
      if (removed !== 0) tree.call("removeFile", file);
      return removed;
    };
    assert.deepEqual(
      [0, 3, 4, 5].map((user) => result(user)),
      [0, 0, 0, EPERM],
    );
    assert.equal(result(5, false), 0);
  });
});

describe("a name that is moved", () => {
  beforeEach(start);

  it("leads to the same file from another place", () => {
    const folder = tree.make(tree.root, "folder", DIRECTORY);
    const file = tree.make(tree.root, "file");
    assert.equal(move(file, folder, "other", 0), 0);
    assert.equal(find("file"), 0);
    assert.equal(find("other", folder), file);
    assert.equal(tree.call("parent", file), folder);
    assert.equal(move(file, folder, "again", 0), 0);
    assert.deepEqual(tree.names(folder), ["again"]);
  });

  it("takes a directory along with all that is in it", () => {
    const a = tree.make(tree.root, "a", DIRECTORY);
    const b = tree.make(tree.root, "b", DIRECTORY);
    const file = tree.make(b, "file");
    assert.equal(links(tree.root), 4);
    assert.equal(move(b, a, "c", 0), 0);
    assert.deepEqual([links(tree.root), links(a), links(b)], [3, 3, 2]);
    assert.equal(find("file", find("c", a)), file);
  });

  it("replaces what was there", () => {
    const one = tree.make(tree.root, "one");
    const two = tree.make(tree.root, "two");
    const count = tree.call("inodeCount", tree.root);
    assert.equal(move(one, tree.root, "two", two), 0);
    assert.equal(find("two"), one);
    assert.deepEqual(tree.names(tree.root), ["two"]);
    assert.equal(tree.call("inodeCount", tree.root), count - 1);
  });

  it("replaces an empty directory by another, and nothing of another kind", () => {
    const from = tree.make(tree.root, "from", DIRECTORY);
    const to = tree.make(tree.root, "to", DIRECTORY);
    const file = tree.make(to, "file");
    const other = tree.make(tree.root, "other");
    assert.equal(move(from, tree.root, "to", to), ENOTEMPTY);
    assert.equal(move(other, tree.root, "to", to), EISDIR);
    assert.equal(move(from, tree.root, "other", other), ENOTDIR);
    tree.call("removeFile", file);
    assert.equal(move(from, tree.root, "to", to), 0);
    assert.equal(find("to"), from);
    assert.equal(links(tree.root), 3);
  });

  it("stays where it is in its directory without memory for the name", () => {
    const name = "x".repeat(250);
    const files = ["one", "two", "three"].map((each) => tree.make(tree.root, each));
    tree.call("takeFrames", 0);
    while (tree.make(tree.root, `${name}${tree.names(tree.root).length}`) > 0);
    const before = tree.names(tree.root);
    assert.equal(move(files[1] ?? 0, tree.root, name, 0), ENOSPC);
    assert.deepEqual(tree.names(tree.root), before);
    assert.equal(find("two"), files[1]);
  });

  it("stays if both names are of one file", () => {
    const one = tree.make(tree.root, "one");
    tree.named("addLink", tree.root, "two", one);
    assert.equal(move(one, tree.root, "two", find("two")), 0);
    assert.deepEqual(tree.names(tree.root), ["one", "two"]);
  });

  it("cannot go into itself, nor to another file system", () => {
    const outer = tree.make(tree.root, "outer", DIRECTORY);
    const inner = tree.make(outer, "inner", DIRECTORY);
    assert.equal(move(outer, inner, "x", 0), EINVAL);
    assert.equal(move(outer, outer, "x", 0), EINVAL);
    assert.equal(move(inner, tree.root, "x", 0), 0);
    const point = tree.make(tree.root, "point", DIRECTORY);
    const root = tree.call("mountTmpfs", point);
    assert.equal(move(inner, root, "x", 0), EXDEV);
    assert.equal(move(point, tree.root, "x", 0), EBUSY);
  });

  it("must be removable here and makeable there, and what it replaces removable", () => {
    const mine = tree.make(tree.root, "mine", DIRECTORY);
    const theirs = tree.make(tree.root, "theirs", DIRECTORY);
    const tmp = tree.make(mine, "tmp", DIRECTORY | S_ISVTX | 0o777);
    const [file, other] = [tree.make(mine, "file"), tree.make(theirs, "other")];
    const kept = tree.make(tmp, "kept");
    tree.call("setOwner", mine, 5, 5);
    tree.call("actAs", 5, 5);
    assert.equal(move(file, theirs, "x", 0), EACCES);
    assert.equal(move(other, mine, "x", 0), EACCES);
    assert.equal(move(file, tmp, "kept", kept), EPERM);
    assert.equal(move(file, tmp, "x", 0), 0);
  });

  it("stays where it is without memory for its new name", () => {
    const file = tree.make(tree.root, "file");
    const target = tree.make(tree.root, "target");
    tree.call("takeFrames", 0);
    let result = 0;
    for (let i = 0; i < 100 && result === 0; i++) {
      result = move(file, tree.root, `${i}${"x".repeat(250)}`.slice(0, 250), 0);
      if (result === 0) tree.named("newEntry", 0, "y".repeat(250));
    }
    assert.equal(result, ENOSPC);
    assert.equal(move(file, tree.root, "z".repeat(251), target), ENOSPC);
    assert.equal(tree.names(tree.root).length, 2);
    assert.equal(find("target"), target);
  });
});

describe("two names that are exchanged", () => {
  beforeEach(start);

  it("lead to each other's files", () => {
    const a = tree.make(tree.root, "a", DIRECTORY);
    const b = tree.make(tree.root, "b", DIRECTORY);
    const inner = tree.make(a, "inner", DIRECTORY);
    const file = tree.make(b, "file");
    assert.equal(tree.call("exchange", inner, file), 0);
    assert.equal(find("file", b), inner);
    assert.equal(find("inner", a), file);
    assert.deepEqual([links(a), links(b)], [2, 3]);
    assert.deepEqual([tree.call("parent", inner), tree.call("parent", file)], [b, a]);
  });

  it("can be one", () => {
    const file = tree.make(tree.root, "file");
    assert.equal(tree.call("exchange", file, file), 0);
    assert.equal(find("file"), file);
  });

  it("must both be movable", () => {
    const outer = tree.make(tree.root, "outer", DIRECTORY);
    const inner = tree.make(outer, "inner", DIRECTORY);
    assert.equal(tree.call("exchange", outer, inner), EINVAL);
    assert.equal(tree.call("exchange", inner, outer), EINVAL);
    const point = tree.make(tree.root, "point", DIRECTORY);
    tree.call("mountTmpfs", point);
    assert.equal(tree.call("exchange", inner, point), EBUSY);
    assert.equal(find("inner", outer), inner);
  });
});

describe("a file with a set-user-id bit", () => {
  beforeEach(start);

  it("keeps it when it is made", () => {
    assert.equal(tree.call("mode", tree.make(tree.root, "su", FILE | S_ISUID)), FILE | S_ISUID);
  });
});
