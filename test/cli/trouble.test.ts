// What a user can run into that no source is to blame for: full disks, missing folders, readers
// that go away. Each gets a sentence and a status, and nothing is left half-written.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { isthmus } from "./isthmus";

const folder = mkdtempSync(join(tmpdir(), "isthmus-test-"));
after(() => rmSync(folder, { recursive: true }));

const COMMAND = `node ${join(INSTALLATION, "bin", "isthmus.js")}`;

/** Runs a line of the shell in the folder. */
function shell(line: string) {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", line], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  assert.doesNotMatch(stderr, /\n\s+at |bug in isthmus/, "a stack trace");
  return { status, stdout, stderr };
}

describe("isthmus", () => {
  it("says that its output has no room", { skip: !existsSync("/dev/full") }, () => {
    const { status, stderr } = shell(`${COMMAND} explain --list > /dev/full`);
    assert.equal(status, 2);
    assert.match(stderr, /^error\[CLI007\]: the standard output cannot be written: no space is/);
  });

  it("ends quietly when the reader of its output has gone", () => {
    const { status, stdout, stderr } = shell(
      `set -o pipefail; ${COMMAND} explain --list | head -1; exit $?`,
    );
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(stdout.split("\n").length, 2);
  });

  it("leaves no half of a file when it may not become that large", () => {
    writeFileSync(join(folder, "a.ts"), "export function main(): i32 { return 1; }");
    const { status, stderr } = shell(`ulimit -f 1; ${COMMAND} compile a.ts -o out`);
    assert.equal(status, 1);
    assert.match(stderr, /error\[CLI007\]: out cannot be written: the file would be larger/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name !== "a.ts"),
      [],
    );
  });

  it("says which folder of a project it cannot use", async () => {
    const project = join(folder, "project");
    mkdirSync(join(project, "kernel"), { recursive: true });
    writeFileSync(join(project, "kernel", "main.ts"), "export function kernelMain(): void {}");
    writeFileSync(join(project, "build"), "not a folder");
    const { status, stderr } = await isthmus(["build"], { directory: project });
    assert.equal(status, 2);
    assert.match(stderr, /^error\[CLI011\]: \S*build cannot be used: something of that name/);
  });
});
