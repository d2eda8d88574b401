import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { R_OK, S_IFCHR, S_IFIFO, W_OK, X_OK } from "../../../src/abi/files";
import { MS_NOEXEC, MS_RDONLY } from "../../../src/abi/linux/mount";
import { compileTree, DIRECTORY, FILE, LINK, type Tree } from "./file-tree";

const startTree = compileTree();

const [EACCES, EROFS] = [-13, -30];
const [OWNER, GROUP] = [100, 200];
let tree: Tree;
let file = 0;
const refusal = (wanted: number, at = file) => tree.call("accessRefusal", at, wanted);

/** What a user may do with a file of that mode, as three bits. */
function allowed(user: number, group: number, permissions: number): number {
  tree.call("actAs", user, group);
  tree.call("setMode", file, (FILE & ~0o777) | permissions);
  return [R_OK, W_OK, X_OK].reduce((sum, bit) => sum | (refusal(bit) === 0 ? bit : 0), 0);
}

describe("set-id bits of a file that is written", () => {
  beforeEach(() => {
    tree = startTree();
    tree.call("actAs", 0, 0);
    file = tree.make(tree.root, "file");
  });

  /** The mode after a write by that user. */
  function modeAfter(user: number, permissions: number): number {
    tree.call("actAs", user, 1);
    tree.call("setMode", file, (FILE & ~0o7777) | permissions);
    tree.call("dropSetIds", file);
    return tree.call("mode", file) & 0o7777;
  }

  it("go, unless the superuser writes", () => {
    assert.equal(modeAfter(1, 0o4755), 0o755);
    assert.equal(modeAfter(1, 0o6775), 0o775);
    assert.equal(modeAfter(1, 0o1755), 0o1755);
    assert.equal(modeAfter(0, 0o6755), 0o6755);
  });

  it("stay with a group that may not execute it", () => {
    assert.equal(modeAfter(1, 0o6765), 0o2765);
  });
});

describe("the mount where a file is seen", () => {
  it("may forbid to write, or to execute a regular file", () => {
    tree = startTree();
    tree.call("actAs", 0, 0);
    const folder = tree.make(tree.root, "folder", DIRECTORY);
    const program = tree.make(folder, "program");
    const device = tree.make(folder, "device", S_IFCHR | 0o666);
    tree.call("setMode", program, FILE | 0o777);
    const view = tree.call("mountView", folder, tree.make(tree.root, "point", DIRECTORY));
    const answers = (flags: number) => {
      tree.call("protect", view, flags, 0);
      tree.call("noteSeen", view);
      return [refusal(W_OK, program), refusal(X_OK, program), refusal(R_OK, program)];
    };
    assert.deepEqual(answers(0), [0, 0, 0]);
    assert.deepEqual(answers(MS_RDONLY), [EROFS, 0, 0]);
    assert.deepEqual([refusal(W_OK, folder), refusal(W_OK, device)], [EROFS, 0]);
    assert.deepEqual(answers(MS_NOEXEC), [0, EACCES, 0]);
    assert.equal(refusal(X_OK, folder), 0);
    tree.call("noteSeen", folder);
    assert.equal(refusal(X_OK, program), 0);
  });
});

describe("the permission to use a file", () => {
  beforeEach(() => {
    tree = startTree();
    tree.call("actAs", 0, 0);
    tree.call("actReallyAs", 0, 0);
    file = tree.make(tree.root, "file");
    tree.call("setOwner", file, OWNER, GROUP);
  });

  it("is the owner's, else the group's, else the others'", () => {
    for (const bits of [0, 1, 2, 4, 5, 7]) {
      assert.equal(allowed(OWNER, 1, bits << 6), bits);
      assert.equal(allowed(OWNER, GROUP, bits << 6), bits);
      assert.equal(allowed(1, GROUP, bits << 3), bits);
      assert.equal(allowed(1, 1, bits), bits);
    }
    assert.equal(allowed(OWNER, GROUP, 0o077), 0);
    assert.equal(allowed(1, GROUP, 0o707), 0);
    assert.equal(allowed(1, 1, 0o770), 0);
  });

  it("must be there for all that is wanted", () => {
    allowed(1, 1, 0o005);
    assert.equal(refusal(R_OK | X_OK), 0);
    assert.equal(refusal(R_OK | W_OK), EACCES);
    assert.equal(refusal(0), 0);
  });

  it("is the superuser's, but for executing what nobody may", () => {
    assert.equal(allowed(0, 0, 0), R_OK | W_OK);
    for (const one of [0o100, 0o010, 0o001]) assert.equal(allowed(0, 0, one), 7);
    const folder = tree.make(tree.root, "folder", DIRECTORY & ~0o777);
    assert.equal(refusal(R_OK | W_OK | X_OK, folder), 0);
  });

  it("to write is nobody's where nothing can be written, but for devices and the like", () => {
    const others = [LINK, DIRECTORY, S_IFCHR | 0o666, S_IFIFO | 0o666];
    const entries = others.map((mode, i) => tree.make(tree.root, `${i}`, mode));
    tree.call("setWritable", tree.root, 0);
    assert.equal(refusal(W_OK), EROFS);
    assert.equal(refusal(R_OK), 0);
    assert.deepEqual(
      entries.map((entry) => refusal(W_OK, entry)),
      [EROFS, EROFS, 0, 0],
    );
  });

  it("to write is not an ordinary user's there either", () => {
    tree.call("setWritable", tree.root, 0);
    assert.equal(allowed(OWNER, GROUP, 0o666), R_OK);
    assert.equal(refusal(W_OK), EROFS);
  });

  it("of a supplementary group is the group's", () => {
    tree.call("joinGroup", GROUP);
    assert.equal(allowed(1, 1, 0o040), R_OK);
    tree.call("joinGroup", GROUP + 1);
    assert.equal(allowed(1, 1, 0o040), 0);
  });

  it("asks for the real user where access(2) does", () => {
    tree.call("actAs", OWNER, GROUP);
    tree.call("actReallyAs", 1, GROUP);
    tree.call("setMode", file, (FILE & ~0o777) | 0o640);
    assert.equal(refusal(W_OK), 0);
    assert.equal(tree.call("realAccessRefusal", file, W_OK), EACCES);
    assert.equal(tree.call("realAccessRefusal", file, R_OK), 0);
    tree.call("actReallyAs", 1, 1);
    assert.equal(tree.call("realAccessRefusal", file, R_OK), EACCES);
    tree.call("actReallyAs", 0, 0);
  });

  it("to change what it is, is the owner's and the superuser's", () => {
    const owns = (user: number) => {
      tree.call("actAs", user, GROUP);
      return tree.call("ownsFile", file);
    };
    assert.deepEqual([OWNER, 0, 1].map(owns), [1, 1, 0]);
  });
});
