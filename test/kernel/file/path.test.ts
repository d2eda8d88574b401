import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileTree, DIRECTORY, type Tree } from "./file-tree";

const startTree = compileTree();

const [ENOENT, EACCES, ENOTDIR, ENAMETOOLONG, ELOOP] = [-2, -13, -20, -36, -40];
/** Where a path ends: kernel/file/path.ts. */
const [AT_FILE, AT_LINK, AT_DIRECTORY] = [0, 1, 2];
const NAME_MAX = 255;
const MOST_LINKS = 40;

let tree: Tree;
let bin = 0;
let shell = 0;

/** The entry, released again, or the error. */
function resolve(path: string, end = AT_FILE, base = tree.root, root = tree.root): number {
  const found = tree.call("resolve", root, base, path, end);
  if (found > 0) tree.call("release", found);
  return found;
}

function lastName(): string {
  const bytes = tree.machine.part.read(tree.call("lastName"), tree.call("lastLength"));
  return Buffer.from(bytes).toString();
}

describe("a path", () => {
  beforeEach(() => {
    tree = startTree();
    bin = tree.make(tree.root, "bin", DIRECTORY);
    shell = tree.make(bin, "shell");
  });

  it("leads through directories to a file", () => {
    for (const path of ["/bin/shell", "bin/shell", "//bin///shell", "bin/./shell"]) {
      assert.equal(resolve(path), shell, path);
    }
    assert.equal(resolve("shell", AT_FILE, bin), shell);
    assert.equal(resolve("/bin/shell", AT_FILE, bin), shell);
  });

  it("goes up by two dots, and not past the root", () => {
    assert.equal(resolve("bin/../bin/shell"), shell);
    assert.equal(resolve("/../.."), tree.root);
    assert.equal(resolve("..", AT_FILE, bin), tree.root);
    assert.equal(resolve("..", AT_FILE, bin, bin), bin);
    assert.equal(resolve("/..", AT_FILE, bin, bin), bin);
    assert.equal(resolve("/shell", AT_FILE, tree.root, bin), shell);
  });

  it("tells dots from names that begin with them", () => {
    const dots = (name: string) => tree.call("isDots", name, name.length);
    assert.deepEqual([".", "..", "...", "a", ".a", "a.", ""].map(dots), [1, 1, 0, 0, 0, 0, 0]);
    for (const name of ["...", ".a", "a."]) {
      assert.equal(resolve(`/${name}`), ENOENT);
      assert.equal(resolve(`/${name}`), ENOENT);
      assert.equal(resolve(`/${name}`), ENOENT);
      const entry = tree.make(tree.root, name);
      assert.equal(resolve(name), entry);
    }
  });

  it("answers with the errors of Linux", () => {
    assert.equal(resolve(""), ENOENT);
    assert.equal(resolve("/none"), ENOENT);
    assert.equal(resolve("/none/x"), ENOENT);
    assert.equal(resolve("/bin/shell/x"), ENOTDIR);
    assert.equal(resolve("/bin/shell/"), ENOTDIR);
    assert.equal(resolve("/bin/shell/."), ENOTDIR);
    assert.equal(resolve("/bin/"), bin);
    assert.equal(resolve(`/${"n".repeat(NAME_MAX)}`), ENOENT);
    assert.equal(resolve(`/${"n".repeat(NAME_MAX + 1)}`), ENAMETOOLONG);
  });

  it("holds what it found, and nothing else", () => {
    const count = (entry: number) => tree.call("entryReferences", entry);
    tree.link(tree.root, "link", "bin/shell");
    const before = [tree.root, bin, shell].map(count);
    for (const path of ["/bin/shell", "link", "bin/../bin/./shell", "none", "bin/none", "shell/x"])
      resolve(path);
    resolve("bin/shell", AT_DIRECTORY);
    resolve("bin/shell/x", AT_DIRECTORY);
    resolve("link/");
    assert.deepEqual([tree.root, bin, shell].map(count), before);
    tree.call("resolve", tree.root, tree.root, "bin/shell", AT_FILE);
    assert.equal(count(shell), before[2]! + 1);
  });

  it("may search only where the caller may", () => {
    tree.call("actAs", 5, 5);
    assert.equal(resolve("/bin/shell"), shell);
    tree.call("setMode", bin, DIRECTORY & ~0o111);
    assert.equal(resolve("/bin/shell"), EACCES);
    assert.equal(resolve("/bin/x", AT_DIRECTORY), EACCES);
    assert.equal(resolve("/bin"), bin);
    tree.call("actAs", 0, 0);
    assert.equal(resolve("/bin/shell"), shell);
  });

  it("sees what is mounted", () => {
    const root = tree.call("mountTmpfs", bin);
    const inside = tree.make(root, "inside");
    assert.equal(resolve("/bin"), root);
    assert.equal(resolve("/bin/inside"), inside);
    assert.equal(resolve("/bin/.."), tree.root);
    assert.equal(resolve("/bin/shell"), ENOENT);
  });

  it("stays in a directory that was covered after it was entered", () => {
    tree.call("mountTmpfs", bin);
    assert.equal(resolve("shell", AT_FILE, bin), tree.named("find", bin, "shell"));
    assert.equal(resolve(".", AT_FILE, bin), bin);
  });

  it("sees in a view what is mounted there, and what it shows", () => {
    const point = tree.make(tree.root, "point", DIRECTORY);
    const view = tree.call("mountView", tree.root, point);
    const seen = tree.call("resolve", tree.root, tree.root, "/point/bin", AT_FILE);
    assert.equal(tree.call("parent", seen), view);
    const root = tree.call("mountTmpfs", seen);
    assert.equal(resolve("/point/bin"), root);
    assert.equal(resolve("/bin"), bin);
  });

  it("asks in a view the tree that is made while it is looked at", () => {
    const root = tree.call("mountTmpfs", bin);
    tree.call("makeDynamic", root);
    const point = tree.make(tree.root, "point", DIRECTORY);
    const view = tree.call("mountView", root, point);
    assert.equal(resolve("/point/x"), ENOENT);
    const entry = tree.call("resolve", tree.root, tree.root, "/point/four", AT_FILE);
    assert.equal(tree.call("parent", entry), view);
    tree.call("release", entry);
    assert.deepEqual(tree.names(root), []);
  });

  it("asks a tree that is made while it is looked at", () => {
    const root = tree.call("mountTmpfs", bin);
    tree.call("makeDynamic", root);
    assert.equal(resolve("/bin/x"), ENOENT);
    const entry = tree.call("resolve", tree.root, tree.root, "/bin/four", AT_FILE);
    assert.equal(tree.call("parent", entry), root);
    assert.equal(resolve("/bin/four"), entry);
    tree.call("release", entry);
    assert.deepEqual(tree.names(root), []);
  });
});

describe("symbolic links", () => {
  beforeEach(() => {
    tree = startTree();
    bin = tree.make(tree.root, "bin", DIRECTORY);
    shell = tree.make(bin, "shell");
  });

  it("are followed, relative to where they are or from the root", () => {
    tree.link(bin, "sh", "shell");
    tree.link(tree.root, "absolute", "/bin/sh");
    const usr = tree.make(tree.root, "usr", DIRECTORY);
    tree.link(usr, "bin", "../bin");
    for (const path of ["/bin/sh", "/absolute", "/usr/bin/sh", "usr/bin/./sh"]) {
      assert.equal(resolve(path), shell, path);
    }
    assert.equal(resolve("/absolute/"), ENOTDIR);
    assert.equal(resolve("/usr/bin/"), bin);
    assert.equal(resolve("/bin/sh", AT_FILE, tree.root, usr), ELOOP);
  });

  it("are found themselves if that is asked for, and no slash comes after them", () => {
    const link = tree.link(tree.root, "link", "bin");
    assert.equal(resolve("link", AT_LINK), link);
    assert.equal(resolve("link/", AT_LINK), bin);
    assert.equal(resolve("link/shell", AT_LINK), shell);
    assert.equal(resolve("link"), bin);
    assert.equal(resolve("bin", AT_LINK), bin);
  });

  it("lead on to what comes after them", () => {
    tree.link(tree.root, "one", "two/");
    tree.link(tree.root, "two", "./bin");
    assert.equal(resolve("one/shell"), shell);
    assert.equal(resolve("one/../one/shell"), shell);
    assert.equal(resolve("one/none"), ENOENT);
  });

  it("may be forty, and not one more", () => {
    tree.link(tree.root, "l0", "/bin");
    for (let i = 1; i <= MOST_LINKS; i++) tree.link(tree.root, `l${i}`, `l${i - 1}/`);
    assert.equal(resolve(`/l${MOST_LINKS - 1}/shell`), shell);
    assert.equal(resolve(`/l${MOST_LINKS}/shell`), ELOOP);
    tree.link(tree.root, "loop", "loop");
    assert.equal(resolve("loop"), ELOOP);
    assert.equal(resolve("/loop/x"), ELOOP);
    assert.equal(resolve("/l19/../l19/shell"), shell);
    assert.equal(resolve("/l20/../l19/shell"), ELOOP);
  });

  it("of length 0 lead nowhere", () => {
    tree.link(tree.root, "empty", "");
    assert.equal(resolve("empty"), ENOENT);
    assert.equal(tree.call("missingIn"), 0);
  });

  it("of other kinds lead where their file system says", () => {
    const link = tree.link(tree.root, "magic", "nowhere");
    tree.call("makeMagic", link, bin);
    assert.equal(resolve("magic"), bin);
    assert.equal(resolve("magic/shell"), shell);
    assert.equal(resolve("magic", AT_LINK), link);
    tree.call("makeMagic", link, 0);
    assert.equal(resolve("magic"), ENOENT);
  });
});

describe("the last name of a path", () => {
  beforeEach(() => {
    tree = startTree();
    bin = tree.make(tree.root, "bin", DIRECTORY);
    shell = tree.make(bin, "shell");
  });

  it("is left to the caller who asks for its directory", () => {
    for (const path of ["/bin/new", "bin/new", "bin/./new/", "/bin//new//"]) {
      assert.equal(resolve(path, AT_DIRECTORY), bin, path);
      assert.equal(lastName(), "new", path);
      assert.equal(tree.call("lastHasSlash"), path.endsWith("/") ? 1 : 0, path);
    }
    assert.equal(resolve("/", AT_DIRECTORY), tree.root);
    assert.equal(lastName(), "");
    assert.equal(resolve("bin/..", AT_DIRECTORY), bin);
    assert.equal(lastName(), "..");
    assert.equal(resolve("none/x", AT_DIRECTORY), ENOENT);
    assert.equal(resolve("bin/shell/x", AT_DIRECTORY), ENOTDIR);
    assert.equal(resolve(`bin/${"n".repeat(NAME_MAX + 1)}`, AT_DIRECTORY), ENAMETOOLONG);
  });

  it("tells where it is missing, if all before it is there", () => {
    const missing = (path: string, end = AT_FILE) => {
      assert.equal(resolve(path, end), ENOENT, path);
      return tree.call("missingIn");
    };
    assert.equal(missing("/none"), tree.root);
    assert.equal(missing("/bin/none"), bin);
    assert.equal(lastName(), "none");
    assert.equal(tree.call("lastHasSlash"), 0);
    assert.equal(missing("/bin/none/"), bin);
    assert.equal(tree.call("lastHasSlash"), 1);
    assert.equal(missing("/none/x"), 0);
    tree.link(tree.root, "to", "bin/none");
    assert.equal(missing("to"), bin);
    assert.equal(lastName(), "none");
    assert.equal(missing("to/x"), 0);
    assert.equal(missing("none", AT_LINK), tree.root);
    assert.equal(resolve("/bin/shell"), shell);
    assert.equal(tree.call("missingIn"), 0);
  });

  it("keeps where it is missing until the next search, though nobody else uses it", () => {
    const root = tree.call("mountTmpfs", bin);
    tree.call("makeDynamic", root);
    assert.equal(resolve("/bin/dirs/nothing"), ENOENT);
    const directory = tree.call("missingIn");
    assert.equal(tree.call("find", root, "dirs", 4), directory);
    assert.equal(tree.call("entryReferences", directory), 1);
    resolve("/");
    assert.deepEqual(tree.names(root), []);
  });
});
