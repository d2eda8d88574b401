// `isthmus diff-run`: one program on the host and here, its output and calls side by side.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { editProgram } from "../guest/edit-program";
import { describeFolder, newFolder } from "../guest/host-folder";
import { chrootMissing } from "../linux/debian-packages";
import { isthmus } from "./isthmus";

const hasTrace = spawnSync("strace", ["-V"]).status === 0;

describe("isthmus diff-run", () => {
  const folder = newFolder();
  before(async () => {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "work"));
    writeFileSync(join(folder, "edit"), await editProgram("linux"), { mode: 0o755 });
    writeFileSync(join(folder, "work", "mapped"), "before\n");
  });

  it("tells that a program does the same, and leaves its folder as it is", {
    skip: chrootMissing(),
  }, async () => {
    const words = ["diff-run", "--root", folder, "--cwd", "/work", "--env", "TWO=2"];
    const before = describeFolder(folder);
    const { status, stdout, stderr } = await isthmus([...words, "--", "/edit", "a b"]);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^status {2}7, the same\noutput {2}\d+ lines?, the same\n/);
    if (hasTrace) {
      assert.match(stdout, /^calls {3}[1-9]\d+ the same, \d+ different, \d+ on the host only, /m);
    }
    assert.deepEqual(describeFolder(folder), before);
  });

  it("gives as JSON status, output and each call of both", { skip: chrootMissing() }, async () => {
    const words = ["diff-run", "--root", folder, "--json", "--", "/edit", "die"];
    const { status, stdout } = await isthmus(words);
    assert.equal(status, 0);
    const { same, status: ends, output, calls } = JSON.parse(stdout);
    assert.equal(same, true);
    assert.deepEqual(ends, { host: 137, guest: 137 });
    assert.equal(output.host, output.guest);
    if (!hasTrace) return;
    const [first] = calls;
    assert.match(
      first.host,
      /^execve\("\/edit", \["\/edit", "die"\], 0x\w+ \/\* \d+ vars \*\/\) = 0/,
    );
    assert.equal(first.kind, "same");
    assert.match(calls.at(-1).guest, /^\+\+\+ killed by SIGKILL \+\+\+$/);
  });

  it("refuses what makes no sense before it runs anything", async () => {
    for (const [words, text] of [
      [["--", "x"], /needs a folder/],
      [["--root", folder], /needs a program/],
    ] as const) {
      const { status, stderr } = await isthmus(["diff-run", ...words]);
      assert.equal(status, 2);
      assert.match(stderr, text);
    }
    assert.ok(readdirSync(folder).includes("edit"));
    assert.equal(readFileSync(join(folder, "work", "mapped"), "utf8"), "before\n");
  });
});
