// Changes of a guest written back: all of them, or none, and never over what the host changed.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { folderTree } from "../../src/guest/folder-tree";
import type { ListedFile } from "../../src/guest/report";
import { finishSave, STAGING, saveChanges } from "../../src/guest/save-changes";
import { saveTargets } from "../../src/guest/save-targets";
import type { Tree, TreeFile, TreePart } from "../../src/guest/tree";
import type { Change } from "../../src/guest/tree-changes";
import { describeFolder, newFolder } from "./host-folder";

const NO_FILES = new Map<number, TreeFile>();

/** What a guest left at a path. */
function left(path: string, more: Partial<ListedFile> = {}): ListedFile {
  const owner = process.getuid?.() ?? 0;
  const group = process.getgid?.() ?? 0;
  const rest = { inode: 1, size: 0, target: "", contents: 0, isMount: false, isTooLarge: false };
  return { path, kind: "file", mode: 0o640, owner, group, modified: 1e9, ...rest, ...more };
}

function sample(): { folder: string; tree: Tree; part: TreePart } {
  const folder = newFolder();
  mkdirSync(join(folder, "old", "deep"), { recursive: true });
  writeFileSync(join(folder, "old", "deep", "file"), "old");
  writeFileSync(join(folder, "same"), "same");
  writeFileSync(join(folder, "text"), "before");
  const tree = folderTree(folder, []);
  const [part] = tree.parts;
  assert.ok(part);
  return { folder, tree, part };
}

function removed(tree: Tree, path: string): Change {
  const before = tree.get(path);
  assert.ok(before);
  return { path, what: "removed", before };
}

function created(path: string, text: string, more: Partial<ListedFile> = {}): Change {
  const contents = Buffer.from(text);
  return { path, what: "created", after: left(path, more), contents };
}

function changed(tree: Tree, path: string, text: string | undefined): Change {
  const before = tree.get(path);
  assert.ok(before);
  const contents = text === undefined ? {} : { contents: Buffer.from(text) };
  return { path, what: "changed", before, after: left(path, { inode: 7 }), ...contents };
}

describe("saving", () => {
  it("creates, changes and removes", () => {
    const { folder, tree, part } = sample();
    const list = [
      created("new", "", { kind: "directory", mode: 0o550, inode: 2 }),
      created("new/file", "new", { inode: 3, mode: 0o4711 }),
      created("new/link", "", { kind: "link", target: "file", inode: 4 }),
      created("new/twin", "new", { inode: 3, mode: 0o4711 }),
      created("another", "same", { inode: 5 }),
      changed(tree, "text", "after"),
      changed(tree, "same", undefined),
      removed(tree, "old"),
      removed(tree, "old/deep"),
      removed(tree, "old/deep/file"),
    ];
    const saved = saveChanges(part, { list, unchanged: NO_FILES });
    assert.deepEqual(saved, { count: 10, leftOut: [], conflicts: [] });
    assert.deepEqual(describeFolder(folder), [
      "another 640 same",
      "new/ 550",
      "new/file 4711 new",
      "new/link -> file",
      "new/twin 4711 new",
      "same 640 same",
      "text 640 after",
    ]);
    const at = (name: string) => statSync(join(folder, name));
    assert.equal(at("new/file").ino, at("new/twin").ino);
    assert.equal(at("text").mtimeMs, 1e12);
  });

  it("links a new name to a file that is as it was", () => {
    const { folder, tree, part } = sample();
    const same = tree.get("same");
    assert.ok(same);
    const list = [created("twin", "same", { inode: 9, mode: 0o644 })];
    saveChanges(part, { list, unchanged: new Map([[9, same]]) });
    assert.equal(statSync(join(folder, "twin")).ino, statSync(join(folder, "same")).ino);
  });

  it("makes a folder of a file, and a file of a folder", () => {
    const { folder, tree, part } = sample();
    const before = tree.get("text");
    assert.ok(before);
    const list: Change[] = [
      { path: "text", what: "changed", before, after: left("text", { kind: "directory" }) },
      created("text/inside", "x"),
      changed(tree, "old", "a file now"),
      removed(tree, "old/deep"),
      removed(tree, "old/deep/file"),
    ];
    saveChanges(part, { list, unchanged: NO_FILES });
    assert.deepEqual(describeFolder(folder), [
      "old 640 a file now",
      "same 644 same",
      "text/ 640",
      "text/inside 640 x",
    ]);
  });

  it("keeps what the host has changed meanwhile, and puts the guest's beside it", () => {
    const { folder, tree, part } = sample();
    writeFileSync(join(folder, "text"), "by the host");
    writeFileSync(join(folder, "fresh"), "by the host");
    writeFileSync(join(folder, "same"), "by the host");
    writeFileSync(join(folder, "text.guest"), "in the way");
    const list = [
      changed(tree, "text", "by the guest"),
      created("fresh", "by the guest"),
      removed(tree, "same"),
    ];
    const saved = saveChanges(part, { list, unchanged: NO_FILES });
    const beside = ["text.guest.2", "fresh.guest"].map((name) => join(folder, name));
    assert.deepEqual(saved.conflicts, beside);
    assert.deepEqual(
      saved.leftOut.map(({ what }) => what),
      ["/same"],
    );
    for (const path of beside) assert.equal(readFileSync(path, "utf8"), "by the guest");
    for (const name of ["text", "fresh", "same"]) {
      assert.equal(readFileSync(join(folder, name), "utf8"), "by the host");
    }
  });

  it("names what no folder can have", () => {
    const { part } = sample();
    const list = [
      created("pipe", "", { kind: "other" }),
      created("huge", "", { isTooLarge: true }),
    ];
    const { leftOut, count } = saveChanges(part, { list, unchanged: NO_FILES });
    assert.equal(count, 0);
    assert.deepEqual(leftOut, [
      { what: "/pipe", reason: "it is a device, a socket or a FIFO" },
      { what: "/huge", reason: "its contents are too large to be read from the guest" },
    ]);
  });

  it("leaves everything as it was if something cannot be written", () => {
    const { folder, tree, part } = sample();
    const before = describeFolder(folder);
    const impossible = created("x", "", { kind: "link", target: "a\0b", inode: 2 });
    const list = [changed(tree, "text", "after"), impossible];
    assert.throws(() => saveChanges(part, { list, unchanged: NO_FILES }), { code: "GUEST006" });
    assert.deepEqual(describeFolder(folder), before);
  });

  it("drops what an interrupted save had not committed", () => {
    const { folder, part } = sample();
    const before = describeFolder(folder);
    mkdirSync(join(folder, STAGING));
    writeFileSync(join(folder, STAGING, "0"), "staged");
    finishSave(part);
    assert.deepEqual(describeFolder(folder), before);
  });

  it("finishes what an interrupted save had committed, wherever it stopped", () => {
    for (const done of [0, 1, 2]) {
      const { folder, part } = sample();
      const staging = join(folder, STAGING);
      mkdirSync(staging);
      writeFileSync(join(staging, "owner"), "2147483646");
      const steps = [
        { do: "remove", path: join(folder, "same") },
        { do: "mkdir", path: join(folder, "new") },
        { do: "rename", from: join(staging, "0"), path: join(folder, "text") },
        { do: "rename", from: join(staging, "1"), path: join(folder, "new", "file") },
        { do: "attributes", path: join(folder, "new"), mode: 0o711, owner: 0, group: 0 },
      ];
      if (done < 1) writeFileSync(join(staging, "0"), "after");
      else writeFileSync(join(folder, "text"), "after");
      if (done < 2) writeFileSync(join(staging, "1"), "new");
      else {
        mkdirSync(join(folder, "new"));
        writeFileSync(join(folder, "new", "file"), "new");
      }
      writeFileSync(join(staging, "steps.json"), JSON.stringify(steps));
      finishSave(part);
      assert.deepEqual(describeFolder(folder), [
        "new/ 711",
        "new/file 644 new",
        "old/ 755",
        "old/deep/ 755",
        "old/deep/file 644 old",
        "text 644 after",
      ]);
    }
  });

  it("waits for no other save to the folder, but says so", () => {
    const { folder, part } = sample();
    mkdirSync(join(folder, STAGING));
    writeFileSync(join(folder, STAGING, "owner"), String(process.ppid));
    assert.throws(() => finishSave(part), { code: "GUEST006", message: /another isthmus/ });
    assert.ok(existsSync(join(folder, STAGING)));
  });
});

describe("--save", () => {
  it("names what was brought in, or one new folder", () => {
    const { folder, tree, part } = sample();
    const parent = newFolder();
    symlinkSync(folder, join(parent, "link"));
    mkdirSync(join(parent, "empty"));
    const whole = join(parent, "empty");
    const targets = saveTargets(tree, [join(parent, "link"), whole]);
    assert.deepEqual(targets, { parts: new Set([part]), whole });
    const wrong = [[parent], [join(folder, "old")], [whole, join(parent, "new")], ["/no/such/x"]];
    for (const folders of wrong) {
      assert.throws(() => saveTargets(tree, folders), { code: "GUEST007" }, folders.join());
    }
  });
});
