// What `pack` and `run --root` make of a folder: read back by us, and unpacked by cpio.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hostPath, textOfBytes } from "../../src/guest/byte-path";
import { folderTree } from "../../src/guest/folder-tree";
import { completeSystem, environmentOf } from "../../src/guest/guest-system";
import { machineMemory, memoryNeed } from "../../src/guest/memory-need";
import { packTree } from "../../src/guest/pack-tree";
import { readArchive } from "../../src/machine/initramfs";
import { describeFolder, newFolder } from "./host-folder";

/** A folder with one of each kind of thing that is kept. */
function sampleFolder(): string {
  const folder = newFolder();
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "tool"), "tool");
  chmodSync(join(folder, "bin", "tool"), 0o4755);
  linkSync(join(folder, "bin", "tool"), join(folder, "bin", "same"));
  symlinkSync("tool", join(folder, "bin", "link"));
  mkdirSync(join(folder, "empty"), 0o700);
  writeFileSync(join(folder, "note"), "a note\n");
  utimesSync(join(folder, "note"), 1_000_000_000, 1_000_000_000);
  return folder;
}

describe("a packed folder", () => {
  it("has modes, links, empty folders and times", () => {
    const tree = folderTree(sampleFolder(), []);
    const { archive, contents } = packTree(tree);
    const entries = readArchive(archive);
    assert.deepEqual(
      entries.map(({ name, kind, mode }) => `${name} ${kind} ${mode.toString(8)}`),
      [
        ". directory 700",
        "bin directory 755",
        "bin/link link 777",
        "bin/same file 4755",
        "bin/tool file 4755",
        "empty directory 700",
        "note file 644",
      ],
    );
    const dataOf = (name: string) => entries.find((each) => each.name === name)?.data.length;
    assert.deepEqual([dataOf("bin/same"), dataOf("bin/tool")], [0, 4], "the last name has it");
    const both = ["bin/same", "bin/tool"].map((path) => Buffer.from(contents.get(path) ?? []));
    assert.deepEqual(both.map(String), ["tool", "tool"]);
    assert.match(Buffer.from(archive).toString("latin1"), /3b9aca00/, "the time of note");
  });

  it("is the same folder once cpio has unpacked it", (context) => {
    if (spawnSync("cpio", ["--version"]).error) return context.skip("cpio not installed");
    const folder = sampleFolder();
    const copy = newFolder();
    const input = packTree(folderTree(folder, [])).archive;
    execFileSync("cpio", ["-im", "--quiet"], { cwd: copy, input });
    assert.deepEqual(describeFolder(copy), describeFolder(folder));
    const at = (name: string) => statSync(join(copy, name));
    assert.equal(at("bin/tool").ino, at("bin/same").ino);
    assert.equal(at("note").mtimeMs, 1_000_000_000_000);
    const mine = lstatSync(join(folder, "note"));
    assert.deepEqual([at("note").uid, at("note").gid], [mine.uid, mine.gid]);
  });

  it("keeps names that are not UTF-8, and shows them byte by byte", () => {
    const folder = newFolder();
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), hostPath("caf\xe9")]), "x");
    const [, file] = [...folderTree(folder, []).files()];
    assert.equal(file?.path, "caf\xe9");
    assert.equal(textOfBytes("caf\xe9"), "caf\xe9");
    assert.equal(textOfBytes("caf\xc3\xa9\n"), "café\\x0a");
  });

  it("names what it leaves out", async () => {
    const folder = sampleFolder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, "socket"), resolve));
    execFileSync("mkfifo", [join(folder, "fifo")]);
    const tree = folderTree(folder, []);
    server.close();
    assert.deepEqual(tree.leftOut, [{ what: "/socket", reason: "it is a socket" }]);
    assert.equal(tree.get("fifo")?.kind, "fifo");
  });

  it("names files that may not be read", {
    skip: process.getuid?.() === 0 && "run as root",
  }, () => {
    const folder = sampleFolder();
    chmodSync(join(folder, "note"), 0);
    chmodSync(join(folder, "bin"), 0);
    const { leftOut } = folderTree(folder, []);
    chmodSync(join(folder, "bin"), 0o755);
    assert.deepEqual(leftOut, [
      { what: "what is in /bin", reason: "you may not read it" },
      { what: "/note", reason: "you may not read it" },
    ]);
  });

  it("tells of a file that changed after it was listed", () => {
    const folder = sampleFolder();
    const tree = folderTree(folder, []);
    writeFileSync(join(folder, "note"), "longer than before\n");
    assert.throws(() => packTree(tree), { code: "GUEST003", message: /note has changed/ });
  });

  it("puts binds over what is there, where links lead", () => {
    const folder = sampleFolder();
    symlinkSync("empty", join(folder, "to-empty"));
    const other = newFolder();
    writeFileSync(join(other, "inside"), "x");
    const binds = [`${other}:/to-empty/deep`, `${join(other, "inside")}:/bin`];
    const tree = folderTree(folder, binds);
    const paths = [...tree.files()].map(({ path }) => path);
    assert.ok(paths.includes("empty/deep/inside"));
    assert.equal(tree.get("bin")?.kind, "file");
    assert.ok(!paths.includes("bin/tool"));
    for (const bind of ["nowhere", `${other}:relative`, `${other}:/`, `${other}:/note/x`]) {
      assert.throws(() => folderTree(folder, [bind]), { code: "GUEST002" }, bind);
    }
    for (const bind of [`${folder}/none:/x`]) {
      assert.throws(() => folderTree(folder, [bind]), { code: "GUEST001" }, bind);
    }
    assert.throws(() => folderTree(join(folder, "note"), []), { code: "GUEST001" });
  });
});

describe("a guest's files", () => {
  it("are completed where the folder has nothing", () => {
    const tree = folderTree(newFolder(), []);
    completeSystem(tree);
    assert.equal(tree.get("tmp")?.mode, 0o1777);
    assert.equal(tree.get("proc")?.kind, "directory");
    const passwd = Buffer.from(tree.get("etc/passwd")?.bytes ?? []).toString();
    assert.match(passwd, /^root:x:0:0:root:\/:\/bin\/sh\nnobody:x:65534:/);
    assert.match(Buffer.from(tree.get("etc/group")?.bytes ?? []).toString(), /^root:x:0:/);
  });

  it("stay as they are where it has something", () => {
    const folder = newFolder();
    mkdirSync(join(folder, "etc"));
    writeFileSync(join(folder, "etc", "passwd"), "mine");
    symlinkSync("var/tmp", join(folder, "tmp"));
    mkdirSync(join(folder, "root"));
    const tree = folderTree(folder, []);
    completeSystem(tree);
    assert.equal(tree.get("etc/passwd")?.bytes, undefined);
    assert.equal(tree.get("tmp")?.kind, "link", "though it leads nowhere");
    const environment = { terminal: "xterm", asked: ["A=b=c", "HOST", "LANG="], outside: {} };
    const variables = environmentOf(tree, { ...environment, outside: { HOST: "here" } });
    assert.deepEqual(variables, [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=/root",
      "USER=root",
      "LOGNAME=root",
      "TERM=xterm",
      "LANG=",
      "A=b=c",
      "HOST=here",
    ]);
  });

  it("get as much memory as they need, or an error that names it", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "large"), Buffer.alloc(20 << 20));
    const tree = folderTree(folder, []);
    const need = memoryNeed(tree);
    assert.ok(need.leastMiB >= 30 && need.leastMiB <= 34, `${need.leastMiB}`);
    assert.ok(machineMemory(tree, need, undefined, 2048) >= 256);
    assert.equal(machineMemory(tree, need, 40, 2048), 40);
    assert.throws(() => machineMemory(tree, need, 20, 2048), {
      code: "GUEST005",
      message: /need a machine with 3\d MiB, and --memory is 20/,
    });
    assert.throws(() => machineMemory(tree, need, undefined, 16), {
      code: "GUEST005",
      remedy: /the largest folders are \/ \(20 MiB\)/,
    });
  });
});
