import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const complaints: string[] = [];
/** How many inodes were looked at for their names, and passed over. */
let steps = 0;
const ARCHIVE = 0x40_0000;
const LARGE_HEAP = `
  let next: usize = ${ARCHIVE + (12 << 20)};
  export function allocate(size: usize): usize {
    const at = next;
    next += (size + 15) & ~15;
    memory.fill(at, 0, size);
    return at;
  }
  export function free(_object: usize): void {}
`;

/** A file of the kernel's that counts how often it comes past `line`. */
function counted(path: string, line: string): string {
  const text = readFileSync(path, "utf8");
  assert.ok(text.includes(line));
  return `declare function step(): void;\n${text.replace(line, `step(); ${line}`)}`;
}

function step(): number {
  return steps++;
}

const part = loadKernelPart(
  `
  import { createRoot, Inode, rootDirectory } from "./kernel/file/inode";
  import { unpackInitramfs } from "./kernel/filesystem/initramfs/unpack";
  import { lastNameIsMissing, resolvePath } from "./kernel/file/path";
  export function mount(start: usize, size: u32): u32 {
    createRoot();
    return unpackInitramfs(start, size);
  }
  export function find(path: usize): usize { return resolvePath(rootDirectory(), path, true); }
  export function findLink(path: usize): usize { return resolvePath(rootDirectory(), path, false); }
  export function isLastMissing(): u32 { return lastNameIsMissing; }
  export function data(inode: usize): usize { return changetype<Inode>(inode).data; }
  export function size(inode: usize): u32 { return changetype<Inode>(inode).size; }
  export function mode(inode: usize): u32 { return changetype<Inode>(inode).mode; }
`,
  {
    memory: 32 << 20,
    replace: {
      "kernel/memory/heap.ts": LARGE_HEAP,
      "kernel/file/inode.ts": counted("kernel/file/inode.ts", "child = child.next;"),
      "kernel/filesystem/initramfs/name-index.ts": counted(
        "kernel/filesystem/initramfs/name-index.ts",
        "inode = inode.sameHash;",
      ),
      "kernel/log/log.ts":
        "export declare function warn(format: usize, a: u32 = 0, b: u32 = 0): void;",
      "kernel/memory/user-memory.ts": "@unmanaged export class UserPointer {}",
      "kernel/filesystem/initramfs/files.ts": `
        import { FileOperations } from "../../file/inode";
        export function regularOperations(): FileOperations | null { return null; }
        export function directoryOperations(): FileOperations | null { return null; }
      `,
    },
    imports: {
      inode: { step },
      "name-index": { step },
      log: {
        warn(format = 0, offset = 0, what = 0) {
          const text = part.text(format);
          complaints.push(text.replace("%u", `${offset}`).replace("%s", () => part.text(what)));
          return 0;
        },
      },
    },
  },
);

const FILE = 0o100644;
const DIRECTORY = 0o40755;
const LINK = 0o120777;
const ENOENT = -2;
const ENOTDIR = -20;
const ELOOP = -40;

type Entry = readonly [name: string, mode: number, contents: string];

/** One entry as `cpio -H newc` writes it. */
function entry([name, mode, contents]: Entry): Buffer {
  const size = Buffer.byteLength(contents);
  const fields = [1, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const head = Buffer.from(`${header}${name}\0`);
  return Buffer.concat([pad(head), pad(Buffer.from(contents))]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

function archive(...entries: Entry[]): Buffer {
  return Buffer.concat([...entries, ["TRAILER!!!", 0, ""] as const].map(entry));
}

function mount(bytes: Buffer, size = bytes.length): number {
  complaints.length = 0;
  part.write(part.area, bytes);
  return part.call.mount!(part.area, size);
}

function find(path: string, by = "find"): number {
  const at = part.area + 0xf000;
  part.write(at, `${path}\0`);
  return part.call[by]!(at);
}

function contents(path: string): string {
  const inode = find(path);
  assert.ok(inode > 0, `${path}: ${inode}`);
  return Buffer.from(part.read(part.call.data!(inode), part.call.size!(inode))).toString();
}

describe("initramfs", () => {
  it("gives the files of an archive", () => {
    const count = mount(
      archive([".", DIRECTORY, ""], ["bin", DIRECTORY, ""], ["bin/hello", FILE, "hello\n"]),
    );
    assert.equal(count, 3);
    assert.deepEqual(complaints, []);
    assert.equal(contents("/bin/hello"), "hello\n");
    assert.equal(contents("bin//../bin/./hello"), "hello\n");
    assert.equal(part.call.mode!(find("/bin/")), DIRECTORY);
    assert.equal(find("/"), find("/../.."));
  });

  it("makes the directories that an archive leaves out", () => {
    mount(archive(["./usr/lib/x", FILE, "x"]));
    assert.equal(contents("/usr/lib/x"), "x");
  });

  it("answers with the errors of Linux", () => {
    mount(archive(["a", FILE, "x"]));
    assert.equal(find("/b"), ENOENT);
    assert.equal(find(""), ENOENT);
    assert.equal(find("/a/b"), ENOTDIR);
    assert.equal(find("/a/"), ENOTDIR);
    assert.equal(find(`/${"n".repeat(256)}`), -36);
  });

  it("follows symbolic links, but not for ever", () => {
    mount(
      archive(
        ["bin", DIRECTORY, ""],
        ["bin/sh", LINK, "shell"],
        ["bin/shell", FILE, "a shell"],
        ["absolute", LINK, "/bin/sh"],
        ["loop", LINK, "loop"],
      ),
    );
    assert.equal(find("/absolute/"), ENOTDIR);
    assert.equal(find("/loop/x"), ELOOP);
    assert.equal(contents("/bin/sh"), "a shell");
    assert.equal(contents("/absolute"), "a shell");
    assert.equal(find("/loop"), ELOOP);
    assert.equal(part.call.mode!(find("/loop", "findLink")), LINK);
  });

  it("follows 40 links on the way, and not one more", () => {
    const chain = Array.from(
      { length: 41 },
      (_, i): Entry => [`l${i}`, LINK, i === 0 ? "/bin" : `l${i - 1}/`],
    );
    mount(archive(["bin/shell", FILE, "a shell"], ["sh", LINK, "./l38/../bin/shell"], ...chain));
    assert.equal(contents("/l39/shell"), "a shell");
    assert.equal(contents("/sh"), "a shell");
    assert.equal(find("/l40/shell"), ELOOP);
    assert.equal(contents("/l19/../l19/shell"), "a shell");
    assert.equal(find("/l20/../l19/shell"), ELOOP);
  });

  it("tells a last name that is missing from a directory that is", () => {
    mount(archive(["bin/shell", FILE, ""], ["to", LINK, "bin/none"], ["past", LINK, "none/x"]));
    const isLast = (path: string) => [find(path), part.call.isLastMissing!()];
    for (const path of ["/none", "/bin/none", "to"]) assert.deepEqual(isLast(path), [ENOENT, 1]);
    for (const path of ["/none/x", "to/x", "past", ""]) {
      assert.deepEqual(isLast(path), [ENOENT, 0], path);
    }
  });

  it("takes the last one of two entries with a name", () => {
    mount(archive(["a", FILE, "old"], ["a", FILE, "new"]));
    assert.equal(contents("/a"), "new");
  });

  it("keeps what came before a corrupt entry, and says where it is", () => {
    const good = entry(["good", FILE, "good"]);
    const bad = entry(["bad", FILE, "bad"]);
    const after = archive(["after", FILE, "after"]);
    const corrupt = (change: (bytes: Buffer) => void) => {
      const copy = Buffer.from(bad);
      change(copy);
      assert.equal(mount(Buffer.concat([good, copy, after])), 1);
      assert.equal(contents("/good"), "good");
      assert.equal(find("/after"), ENOENT);
      return complaints.join();
    };
    const where = `initramfs: entry at offset ${good.length}: `;
    assert.equal(
      corrupt((b) => b.write("0707ff", 0)),
      `${where}it does not begin with 070701`,
    );
    assert.equal(
      corrupt((b) => b.write("zz", 54)),
      `${where}a number in it is not hexadecimal`,
    );
    assert.equal(
      corrupt((b) => b.write("ffffffff", 54)),
      `${where}its contents are cut off`,
    );
    assert.equal(
      corrupt((b) => b.write("ffffffff", 94)),
      `${where}its name is cut off`,
    );
    assert.equal(
      corrupt((b) => b.write("00000000", 94)),
      `${where}its name is cut off`,
    );
    assert.equal(
      corrupt((b) => b.write("x", 113)),
      `${where}its name does not end in NUL`,
    );
  });

  it("survives an archive that is cut off at any byte", () => {
    const whole = archive(["a", FILE, "aaaa"], ["b/c", FILE, "cccc"]);
    for (let size = 0; size < whole.length; size++) {
      mount(whole, size);
      assert.ok(complaints.length > 0 || size === 0 || size > whole.length - 4, `size ${size}`);
    }
  });

  for (const count of [10_000, 60_000]) {
    it(`mounts ${count} files in one folder without looking through it for each`, () => {
      const names = Array.from({ length: count }, (_, i) => `folder/file${i}`);
      const bytes = archive(...names.map((name): Entry => [name, FILE, ""]), [
        "folder/x",
        FILE,
        "x",
      ]);
      complaints.length = 0;
      steps = 0;
      part.write(ARCHIVE, bytes);
      assert.equal(part.call.mount!(ARCHIVE, bytes.length), count + 1);
      assert.deepEqual(complaints, []);
      assert.ok(steps < 2 * count, `${steps} steps`);
      assert.equal(contents("/folder/x"), "x");
    });
  }

  it("refuses names that leave the tree or go through a file", () => {
    mount(archive(["../evil", FILE, "x"], ["a", FILE, "a"], ["a/b", FILE, "b"], ["c", FILE, "c"]));
    assert.equal(complaints.length, 2);
    assert.match(complaints[0]!, /offset 0: its name leaves the tree/);
    assert.match(complaints[1]!, /is not a directory/);
    assert.equal(contents("/c"), "c");
  });
});
