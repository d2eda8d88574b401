import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../../src/abi/files";
import { compileKernelPart, type KernelPart, TEST_HEAP } from "../kernel-part";

const start = compileKernelPart(
  `
  import { createInode, createRoot, Inode } from "./kernel/file/inode";
  import { lastNameIsMissing, resolvePath } from "./kernel/file/path";
  function at(inode: usize): Inode { return changetype<Inode>(inode); }
  export function root(): usize { return changetype<usize>(createRoot()); }
  export function create(directory: usize, mode: u32, name: usize, length: u32): usize {
    const inode = createInode(mode, name, length)!;
    at(directory).add(inode);
    return changetype<usize>(inode);
  }
  export function setContents(inode: usize, data: usize, size: u32): void {
    at(inode).data = data;
    at(inode).size = size;
  }
  export function onlyLastIsMissing(): bool { return lastNameIsMissing; }
  export function resolve(base: usize, path: usize, follow: bool): usize {
    return resolvePath(at(base), path, follow);
  }
`,
  { replace: { "kernel/memory/heap.ts": TEST_HEAP } },
);

const [ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP] = [-2, -20, -36, -40];
const NAME_MAX = 255;
/** Links that one path may go through. */
const MOST_LINKS = 40;
let part: KernelPart;
let root = 0;
let text = 0;

/** Puts a text somewhere, with bytes after it that are no part of it: its address. */
function put(content: string): number {
  const at = text;
  part.write(at, `${content}/!`);
  text += content.length + 2;
  return at;
}

function create(directory: number, name: string, mode = S_IFDIR): number {
  return part.call.create!(directory, mode, put(name), name.length);
}

function link(directory: number, name: string, target: string): number {
  const inode = create(directory, name, S_IFLNK);
  part.call.setContents!(inode, put(target), target.length);
  return inode;
}

const file = (directory: number, name: string) => create(directory, name, S_IFREG);

function resolve(path: string, base = root, follow = true): number {
  const at = text;
  part.write(at, `${path}\0`);
  return part.call.resolve!(base, at, follow ? 1 : 0);
}

/** What a path names if a link at its end is not followed. */
const named = (path: string) => resolve(path, root, false);

beforeEach(() => {
  part = start();
  text = part.area;
  root = part.call.root!();
});

describe("a path", () => {
  let usr = 0;
  let bin = 0;
  let cat = 0;

  beforeEach(() => {
    usr = create(root, "usr");
    bin = create(usr, "bin");
    cat = file(bin, "cat");
  });

  it("names what is under the root if it begins with a slash", () => {
    assert.equal(resolve("/usr/bin/cat", bin), cat);
    assert.equal(resolve("/usr", bin), usr);
  });

  it("names what is under the base if it does not", () => {
    assert.equal(resolve("bin/cat", usr), cat);
    assert.equal(resolve("cat", bin), cat);
    assert.equal(resolve("usr", bin), ENOENT);
  });

  it("of nothing but slashes names the root", () => {
    for (const path of ["/", "//", "///"]) assert.equal(resolve(path, bin), root);
  });

  it("of no bytes names nothing", () => {
    assert.equal(resolve(""), ENOENT);
  });

  it("may have several slashes for one", () => {
    assert.equal(resolve("//usr///bin//cat"), cat);
  });

  it("with a dot stays where it is", () => {
    assert.equal(resolve(".", bin), bin);
    assert.equal(resolve("/usr/./bin/."), bin);
  });

  it("with two dots goes to the directory above", () => {
    assert.equal(resolve("..", bin), usr);
    assert.equal(resolve("/usr/bin/../bin/cat"), cat);
  });

  it("stays at the root with two dots there", () => {
    assert.equal(resolve("/.."), root);
    assert.equal(resolve("../..", bin), root);
    assert.equal(resolve("../../../../usr", bin), usr);
  });

  it("may have names that begin or end with dots", () => {
    const names = ["...", ".x", "x.", "..x", "x.."];
    const files = names.map((name) => file(bin, name));
    assert.deepEqual(
      names.map((name) => resolve(name, bin)),
      files,
    );
    assert.equal(resolve(".y", bin), ENOENT);
    assert.equal(resolve("y.", bin), ENOENT);
    assert.equal(resolve("a", bin), ENOENT);
    assert.equal(resolve("ab", bin), ENOENT);
  });

  it("that names nothing is refused, at any component", () => {
    assert.equal(resolve("/usr/bin/dog"), ENOENT);
    assert.equal(resolve("/lib/x"), ENOENT);
  });

  it("that names nothing says whether only its last name is missing", () => {
    link(root, "b", "usr/bin");
    link(root, "dangling", "nowhere");
    link(root, "through", "nowhere/x");
    for (const [path, isLast] of [
      ["/usr/bin/dog", 1],
      ["dog", 1],
      ["/b/dog", 1],
      ["/dangling", 1],
      ["/lib/dog", 0],
      ["/through", 0],
      ["/dangling/dog", 0],
    ] as const) {
      assert.equal(resolve(path), ENOENT, path);
      assert.equal(part.call.onlyLastIsMissing!(), isLast, path);
    }
    resolve("/dog");
    assert.equal(resolve("/usr"), usr);
    assert.equal(part.call.onlyLastIsMissing!(), 0, "that of the path before is forgotten");
  });

  it("does not go through a file", () => {
    for (const path of ["/usr/bin/cat/x", "/usr/bin/cat/.", "/usr/bin/cat/.."]) {
      assert.equal(resolve(path), ENOTDIR, path);
    }
    assert.equal(resolve("x", cat), ENOTDIR);
  });

  it("that ends in a slash names a directory", () => {
    assert.equal(resolve("/usr/bin/"), bin);
    assert.equal(resolve("/usr/bin//"), bin);
    assert.equal(resolve("/usr/bin/cat/"), ENOTDIR);
    assert.equal(resolve("cat//", bin), ENOTDIR);
  });

  it("may have names of 255 bytes, but no longer ones", () => {
    const long = "n".repeat(NAME_MAX);
    const found = file(root, long);
    assert.equal(resolve(long), found);
    assert.equal(resolve(`${long}n`), ENAMETOOLONG);
    assert.equal(resolve(`/usr/${long}n/x`), ENAMETOOLONG);
  });
});

describe("a symbolic link", () => {
  let bin = 0;
  let shell = 0;

  beforeEach(() => {
    bin = create(root, "bin");
    shell = file(bin, "shell");
  });

  it("leads to its target, as seen from its own directory", () => {
    link(bin, "sh", "shell");
    assert.equal(resolve("/bin/sh"), shell);
  });

  it("leads to a target under the root if that begins with a slash", () => {
    const directory = create(bin, "links");
    link(directory, "sh", "/bin/shell");
    assert.equal(resolve("/bin/links/sh"), shell);
  });

  it("is itself what a path names that ends with it, if it is not followed", () => {
    const found = link(bin, "sh", "shell");
    assert.equal(named("/bin/sh"), found);
    assert.equal(named("/bin/shell"), shell);
  });

  it("is followed in the middle of a path, and before a slash, in any case", () => {
    link(root, "b", "bin");
    assert.equal(named("/b/shell"), shell);
    assert.equal(named("/b/"), bin);
  });

  it("may lead through others, and the path goes on after it", () => {
    const inner = create(bin, "inner");
    const found = file(inner, "found");
    link(root, "b", "bin");
    link(root, "i", "b/inner");
    link(inner, "up", "../inner");
    assert.equal(resolve("/i/up/found"), found);
    assert.equal(resolve("i/../shell"), shell);
  });

  it("to a file is not a directory", () => {
    link(root, "s", "bin/shell");
    assert.equal(resolve("/s/"), ENOTDIR);
    assert.equal(resolve("/s/x"), ENOTDIR);
  });

  it("may have a target that ends in a slash, which is a directory", () => {
    link(root, "b", "bin/");
    link(root, "s", "bin/shell/");
    assert.equal(resolve("/b"), bin);
    assert.equal(resolve("/s"), ENOTDIR);
  });

  it("to nothing is refused", () => {
    link(root, "dangling", "nowhere");
    link(root, "empty", "");
    assert.equal(resolve("/dangling"), ENOENT);
    assert.equal(resolve("/empty"), ENOENT);
    assert.notEqual(named("/empty"), ENOENT);
  });

  it("to itself is refused", () => {
    link(root, "loop", "loop");
    link(root, "ping", "pong");
    link(root, "pong", "ping");
    assert.equal(resolve("/loop"), ELOOP);
    assert.equal(resolve("/ping/x"), ELOOP);
  });

  it("may lead to further ones, 40 in all", () => {
    link(bin, "link1", "shell");
    for (let i = 2; i <= MOST_LINKS + 1; i++) link(bin, `link${i}`, `link${i - 1}`);
    assert.equal(resolve(`/bin/link${MOST_LINKS}`), shell);
    assert.equal(resolve(`/bin/link${MOST_LINKS + 1}`), ELOOP);
    assert.equal(resolve(`/bin/link${MOST_LINKS}`), shell, "each path begins to count anew");
  });

  it("counts with those beside it in one path", () => {
    link(bin, "here", ".");
    assert.equal(resolve(`/bin/${"here/".repeat(MOST_LINKS)}shell`), shell);
    assert.equal(resolve(`/bin/${"here/".repeat(MOST_LINKS + 1)}shell`), ELOOP);
  });
});
