import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const complaints: string[] = [];
/** How many names were looked at, and passed over. */
let steps = 0;
/** Up to where the archive was said not to be needed any more. */
let passed = 0;
const ARCHIVE = 0x40_0000;
const PAGE = 4096;
const HEAP = ARCHIVE + (12 << 20);
const LARGE_HEAP = `
  let next: usize = ${HEAP};
  export function allocate(size: usize): usize {
    const at = next;
    next += (size + 15) & ~15;
    memory.fill(at, 0, size);
    return at;
  }
  export function free(_object: usize): void {}
`;
/** Frames are pieces of the heap, seen where they are. */
const FRAMES = `
  import { allocate } from "./heap";
  declare function hasRoom(): bool;
  export function allocateUserFrame(): u32 {
    return hasRoom() ? (allocate(${2 * PAGE}) + ${PAGE - 1}) & ~${PAGE - 1} : 0;
  }
  export function allocateFrame(): u32 { return allocateUserFrame(); }
  export function releaseFrame(_frame: u32): void {}
  export function retainFrame(_frame: u32): void {}
  export function frameReferences(_frame: u32): u32 { return 1; }
  export function frameLink(_frame: u32): u32 { return 0; }
  export function setFrameLink(_frame: u32, _link: u32): void {}
`;
const WINDOWS = `
  export function openWindow(frame: u32): usize { return frame; }
  export function openEntry(entry: usize): usize { return load<u32>(entry) & ~0xfff; }
  export function closeWindow(_address: usize): void {}
`;
const PAGES = `
  import { allocate } from "./heap";
  export function allocatePages(count: u32): usize {
    return (allocate((count + 1) * ${PAGE}) + ${PAGE - 1}) & ~${PAGE - 1};
  }
  export function freePages(_start: usize, _count: u32): void {}
`;

/** A file of the kernel's that counts how often it comes past `line`. */
function counted(path: string, line: string): string {
  const text = readFileSync(path, "utf8");
  assert.ok(text.includes(line));
  return `declare function step(): void;\n${text.replace(line, `step(); ${line}`)}`;
}

let framesLeft = 0;

const part = loadKernelPart(
  `
  import { DirectoryEntry, rootDirectory, startDirectoryEntries }
    from "./kernel/file/directory-entry";
  import { mount as mountTree } from "./kernel/file/mount";
  import { createTmpfs } from "./kernel/filesystem/tmpfs/tmpfs";
  import { unpackInitramfs } from "./kernel/filesystem/initramfs/unpack";
  import { readContents } from "./kernel/file/contents";
  import { PathEnd, resolvePath } from "./kernel/file/path";
  import { Inode } from "./kernel/file/inode";
  declare function pass(offset: u32): void;
  function passed(offset: u32): void { pass(offset); }
  export function mount(start: usize, size: u32): u32 {
    startDirectoryEntries();
    mountTree(createTmpfs(0o755)!, null);
    return unpackInitramfs(start, size, passed.index);
  }
  function resolve(path: usize, end: PathEnd): usize {
    const root = rootDirectory();
    return resolvePath(root, root, path, end);
  }
  export function find(path: usize): usize { return resolve(path, PathEnd.file); }
  export function findLink(path: usize): usize { return resolve(path, PathEnd.link); }
  function inodeOf(entry: usize): Inode { return changetype<DirectoryEntry>(entry).inode; }
  export function read(entry: usize, to: usize, size: u32): u32 {
    return readContents(inodeOf(entry), 0, to, size);
  }
  export function inode(entry: usize): usize { return changetype<usize>(inodeOf(entry)); }
  export function size(entry: usize): u32 { return <u32>inodeOf(entry).size; }
  export function mode(entry: usize): u32 { return inodeOf(entry).mode; }
  export function owner(entry: usize): u32 { return inodeOf(entry).owner; }
  export function group(entry: usize): u32 { return inodeOf(entry).group; }
  export function links(entry: usize): u32 { return inodeOf(entry).links; }
  export function device(entry: usize): u32 { return inodeOf(entry).device; }
  export function seconds(entry: usize): u32 { return <u32>(inodeOf(entry).modified >> 32); }
  export function text(entry: usize): usize { return inodeOf(entry).data; }
`,
  {
    memory: 96 << 20,
    replace: {
      "kernel/memory/heap.ts": LARGE_HEAP,
      "kernel/memory/frames.ts": FRAMES,
      "kernel/memory/window.ts": WINDOWS,
      "kernel/memory/pages.ts": PAGES,
      "kernel/file/directory-entry.ts": counted(
        "kernel/file/directory-entry.ts",
        "entry = entry.sameHash;",
      ),
      "kernel/log/log.ts":
        "export declare function warn(format: usize, a: u32 = 0, b: u32 = 0): void;",
      "kernel/filesystem/tmpfs/directory.ts": `
        import { FileOperations } from "../../file/inode";
        export function directoryOperations(): FileOperations | null { return null; }
      `,
      "kernel/filesystem/tmpfs/regular-file.ts": `
        import { FileOperations } from "../../file/inode";
        export function regularOperations(): FileOperations | null { return null; }
      `,
    },
    imports: {
      "directory-entry": { step: () => steps++ },
      frames: { hasRoom: () => (framesLeft-- > 0 ? 1 : 0) },
      part: { pass: (offset = 0) => (passed = offset) },
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

interface Attributes {
  readonly inode?: number;
  readonly owner?: number;
  readonly group?: number;
  readonly links?: number;
  readonly modified?: number;
  readonly device?: readonly [major: number, minor: number];
}

type Entry = readonly [name: string, mode: number, contents: string, attributes?: Attributes];

/** One entry as `cpio -H newc` writes it. */
function entry([name, mode, contents, attributes = {}]: Entry): Buffer {
  const size = Buffer.byteLength(contents);
  const { inode = 1, owner = 0, group = 0, links = 1, modified = 0, device = [0, 0] } = attributes;
  const fields = [inode, mode, owner, group, links, modified, size, 0, 0, ...device];
  const all = [...fields, name.length + 1, 0];
  const header = `070701${all.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const head = Buffer.from(`${header}${name}\0`);
  return Buffer.concat([pad(head), pad(Buffer.from(contents))]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

function archive(...entries: Entry[]): Buffer {
  return Buffer.concat([...entries, ["TRAILER!!!", 0, ""] as const].map(entry));
}

function mount(bytes: Buffer, size = bytes.length, frames = 1000): number {
  complaints.length = 0;
  framesLeft = frames;
  part.write(part.area, bytes);
  return part.call.mount!(part.area, size);
}

function find(path: string, by = "find"): number {
  const at = part.area + 0xf000;
  part.write(at, `${path}\0`);
  return part.call[by]!(at);
}

function contents(path: string): string {
  const found = find(path);
  assert.ok(found > 0, `${path}: ${found}`);
  const to = part.area + 0xe000;
  const count = part.call.read!(found, to, 4096);
  return Buffer.from(part.read(to, count)).toString();
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

  it("keeps modes, owners, times and devices", () => {
    const attributes = { owner: 5, group: 6, modified: 1234567, device: [5, 1] } as const;
    mount(archive(["su", 0o104755, "x", attributes], ["console", 0o020600, "", attributes]));
    const su = find("/su");
    assert.equal(part.call.mode!(su), 0o104755);
    assert.deepEqual([part.call.owner!(su), part.call.group!(su)], [5, 6]);
    assert.equal(part.call.seconds!(su), 1234567);
    const device = find("/console");
    assert.deepEqual([part.call.mode!(device), part.call.device!(device)], [0o020600, 0x501]);
    mount(archive([".", 0o041777, "", attributes]));
    assert.deepEqual([part.call.mode!(find("/")), part.call.owner!(find("/"))], [0o041777, 5]);
  });

  it("keeps the times of directories, whatever is put into them", () => {
    const attributes = { modified: 1234567 };
    const file: Entry = ["lib/a", FILE, "", { modified: 5 }];
    mount(archive([".", DIRECTORY, "", attributes], ["lib", DIRECTORY, "", attributes], file));
    const times = ["/", "/lib", "/lib/a"].map((path) => part.call.seconds!(find(path)));
    assert.deepEqual(times, [1234567, 1234567, 5]);
  });

  it("keeps hard links, whichever entry brings the contents", () => {
    for (const bringer of [0, 1, 2]) {
      const names = ["a", "b", "c"].map(
        (name, i): Entry => [name, FILE, i === bringer ? "all" : "", { inode: 9, links: 3 }],
      );
      mount(archive(...names, ["other", FILE, "", { inode: 8, links: 2 }]));
      const inodes = ["/a", "/b", "/c"].map((path) => part.call.inode!(find(path)));
      assert.equal(new Set(inodes).size, 1);
      assert.equal(part.call.links!(find("/a")), 3);
      for (const path of ["/a", "/b", "/c"]) assert.equal(contents(path), "all");
      assert.equal(part.call.links!(find("/other")), 1);
    }
  });

  it("says after each entry what is not needed any more", () => {
    const first = entry(["a", FILE, "aaaa"]);
    mount(Buffer.concat([first, archive()]));
    assert.equal(passed, first.length);
  });

  it("keeps what came before the memory was used up, and says so", () => {
    const text = "x".repeat(3 * PAGE);
    const count = mount(archive(["a", FILE, "a"], ["b", FILE, text], ["c", FILE, "c"]), 20000, 2);
    assert.equal(count, 1);
    assert.equal(contents("/a"), "a");
    assert.equal(find("/c"), ENOENT);
    assert.match(complaints.join(), /not enough memory for it, nor for what comes after it/);
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
      framesLeft = 1;
      part.write(ARCHIVE, bytes);
      assert.equal(part.call.mount!(ARCHIVE, bytes.length), count + 1);
      assert.deepEqual(complaints, []);
      assert.ok(steps < 4 * count, `${steps} steps`);
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
