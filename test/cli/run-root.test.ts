// `isthmus run --root`: files go in, a program runs as if it were on Linux, changes come out.

import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { editProgram } from "../guest/edit-program";
import { describeFolder, newFolder } from "../guest/host-folder";
import { skipReason } from "../machine/installed";
import { isthmus } from "./isthmus";

const STARTED = /^edit\|a b\|\|TERM=linux\|TWO=2\|\/work\n$/;

/** A folder with the program and some files for it in /work. */
function folderFor(program: Uint8Array): string {
  const folder = newFolder();
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "edit"), program, { mode: 0o755 });
  const work = join(folder, "work");
  mkdirSync(join(work, "folder"), { recursive: true });
  writeFileSync(join(work, "folder", "inside"), "stays\n");
  writeFileSync(join(work, "appended"), "one\n");
  writeFileSync(join(work, "gone"), "");
  writeFileSync(join(work, "mode"), "mode\n");
  writeFileSync(join(work, "touched"), "touched\n");
  writeFileSync(join(work, "mapped"), "before\n");
  linkSync(join(work, "appended"), join(work, "twin"));
  // The clock of a machine starts after this.
  for (const name of ["mapped", "mode"]) utimesSync(join(work, name), 1e9, 1e9);
  return folder;
}

const CHANGED = [
  "appended 644 one\nmore\n",
  "linked 600 mode\n",
  "mapped 644 Before\n",
  "mode 600 mode\n",
  "moved/ 755",
  "moved/inside 644 stays\n",
  "new 644 made by the guest\n",
  "symbolic -> nowhere",
  "touched 644 touched\n",
  "twin 644 one\nmore\n",
];

describe("isthmus run --root", () => {
  let program: Uint8Array;
  before(async () => {
    program = await editProgram();
  });

  const machines = [
    ["v86", "on v86", []],
    ["qemu", "on QEMU, from pages above 4 GiB", ["--memory", "5120"]],
  ] as const;
  for (const [machine, where, memory] of machines) {
    it(`saves what the program has changed, ${where}`, {
      skip: skipReason(machine),
    }, async () => {
      const root = folderFor(program);
      const work = join(root, "work");
      const before = describeFolder(join(root, "bin"));
      const words = ["--root", root, "--save", root, "--cwd", "/work", "--env", "TWO=2"];
      const run = ["run", "--machine", machine, ...memory, ...words, "--", "edit", "a b", ""];
      const { status, stdout, stderr } = await isthmus(run);
      assert.match(stdout, STARTED);
      assert.equal(status, 7, stderr);
      assert.match(stderr, /^isthmus: \d+ changes saved to /m);
      const left = describeFolder(work).filter((line) => !line.startsWith("endless"));
      assert.deepEqual(left, CHANGED);
      assert.equal(statSync(join(work, "appended")).ino, statSync(join(work, "twin")).ino);
      assert.equal(statSync(join(work, "mode")).ino, statSync(join(work, "linked")).ino);
      assert.equal(statSync(join(work, "mode")).mtimeMs, 1e12);
      assert.deepEqual(describeFolder(join(root, "bin")), before);
      const names = describeFolder(root).map((line) => line.split(/[/ ]/)[0]);
      assert.deepEqual([...new Set(names)], ["bin", "work"], "what we add stays inside");
    });
  }

  it("names what is lost without --save, and tells of a program that was killed", async () => {
    const root = folderFor(program);
    const before = describeFolder(root);
    const run = ["run", "--root", root, "--cwd", "/work", "--", "/bin/edit", "die"];
    const { status, stderr } = await isthmus(run);
    assert.equal(status, 128 + 9);
    assert.match(
      stderr,
      /^isthmus: not kept, as --save names no folder for it: \/work\/new created$/m,
    );
    assert.deepEqual(describeFolder(root), before);
  });

  it("saves what was bound, and all files to a new folder", async () => {
    const root = folderFor(program);
    const other = join(folderFor(program), "work");
    const whole = join(newFolder(), "whole");
    const before = describeFolder(root);
    const words = ["--root", root, "--bind", `${other}:/mnt/deep`, "--cwd", "/mnt/deep"];
    const saved = ["--save", other, "--save", whole];
    const { status, stderr } = await isthmus(["run", ...words, ...saved, "--", "edit"]);
    assert.equal(status, 7, stderr);
    assert.match(stderr, /the guest's files are in .*whole$/m);
    const withoutEndless = (lines: string[]) => lines.filter((line) => !/endless/.test(line));
    assert.deepEqual(withoutEndless(describeFolder(other)), CHANGED);
    assert.deepEqual(describeFolder(root), before);
    assert.deepEqual(withoutEndless(describeFolder(join(whole, "mnt", "deep"))), CHANGED);
    assert.deepEqual(describeFolder(join(whole, "work")), describeFolder(join(root, "work")));
  });

  it("leaves the folder as it was if the run does not come to its end", async () => {
    const root = folderFor(program);
    const before = describeFolder(root);
    const words = ["--root", root, "--save", root, "--cwd", "/work", "--", "edit", "wait"];
    const endAfter = "edit|wait";
    const { status, stdout, stderr } = await isthmus(["run", ...words], { endAfter });
    assert.match(stdout, /^edit\|wait/);
    assert.equal(status, 130);
    assert.match(stderr, /GUEST008.*nothing was saved/);
    assert.deepEqual(describeFolder(root), before);
  });

  it("says before it boots why a program cannot run, with a shell's status", async () => {
    const root = folderFor(program);
    chmodSync(join(root, "bin", "edit"), 0o644);
    const refused = await isthmus(["run", "--root", root, "--", "edit"]);
    assert.equal(refused.status, 126);
    assert.match(refused.stderr, /^error\[GUEST011\]: \/bin\/edit is not executable\n {2}help: /);
    const missing = await isthmus(["run", "--root", root]);
    assert.equal(missing.status, 127);
    assert.match(missing.stderr, /GUEST010.*there is no \/bin\/sh/);
    for (const words of [
      ["--env", "A=B"],
      ["--root", root, "--kernel", "/bin/true"],
    ]) {
      assert.equal((await isthmus(["run", ...words])).status, 2, words.join(" "));
    }
  });
});

describe("isthmus pack", () => {
  it("writes an archive and counts what is in it", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "a"), "a");
    const archive = join(newFolder(), "a.cpio");
    const packed = await isthmus(["pack", folder, "-o", archive]);
    assert.deepEqual([packed.status, packed.stderr], [0, ""]);
    assert.match(
      packed.stdout,
      /a\.cpio: 1 KiB, 1 file, 1 folder; it needs a machine with \d+ MiB\n/,
    );
    assert.match(readFileSync(archive, "latin1"), /^070701.*TRAILER!!!\0*$/s);
    const json = JSON.parse((await isthmus(["pack", folder, "-o", archive, "--json"])).stdout);
    assert.deepEqual(json.leftOut, []);
    assert.deepEqual([json.files, json.folders, json.links, json.FIFOs], [1, 1, 0, 0]);
    assert.equal((await isthmus(["pack", folder])).status, 2);
    assert.match((await isthmus(["pack", `${folder}x`, "-o", archive])).stderr, /GUEST001/);
  });
});
