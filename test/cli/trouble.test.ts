// What a user can run into that no source is to blame for: full disks, missing folders, readers
// that go away. Each gets a sentence and a status, and nothing is left half-written.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { replaceFile } from "../../src/cli/replace-file";
import { isthmus } from "./isthmus";

const folder = mkdtempSync(join(tmpdir(), "isthmus-test-"));
after(() => rmSync(folder, { recursive: true }));

const AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups";
const LAYOUT = "examples/cpp-kernel/isthmus.layout.json";
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
    const project = makeProject("project");
    writeFileSync(join(project, "build"), "not a folder");
    const { status, stderr } = await isthmus(["build"], { directory: project });
    assert.equal(status, 2);
    assert.match(stderr, /^error\[CLI011\]: \S*build cannot be used: something of that name/);
  });

  it("builds without a folder for temporary files", async () => {
    const project = makeProject("homeless");
    writeFileSync(join(project, "kernel", "layout.ts"), "export const nothing: number = 1;");
    const missing = join(folder, "no", "such");
    const environment = { TMPDIR: missing };
    const { status, stderr } = await isthmus(["build"], { directory: project, environment });
    // What it lacks is found out by loading TypeScript.
    assert.equal(status, 2);
    assert.match(stderr, /^error\[CLI003\]: kernel\/layout\.ts has no export/m);
    assert.equal(existsSync(missing), false);
  });

  it("removes what a build that was killed had half written", async () => {
    const project = makeProject("killed");
    const build = join(project, "build");
    mkdirSync(join(build, "user"), { recursive: true });
    const left = [".kernel.elf.99999999.partial", "user/.cat.99999999.partial"];
    for (const name of left) writeFileSync(join(build, name), "half");
    await isthmus(["build"], { directory: project });
    for (const name of left) assert.equal(existsSync(join(build, name)), false, name);
  });

  it("removes what a killed command had half written, when it writes that file anew", () => {
    const places = mkdtempSync(join(folder, "partial-"));
    const dead = join(places, ".out.99999999.partial");
    const fresh = join(places, ".out.99999998.partial");
    const other = join(places, ".out.map.99999999.partial");
    const running = join(places, `.out.${process.ppid}.partial`);
    const longAgo = new Date(Date.now() - 60_000);
    for (const path of [dead, fresh, other, running]) writeFileSync(path, "half");
    for (const path of [dead, other, running]) utimesSync(path, longAgo, longAgo);
    replaceFile(join(places, "out"), "whole");
    assert.deepEqual(
      [dead, fresh, other, running].map((path) => existsSync(path)),
      [false, true, true, true],
    );
  });

  const whyAlone = whyNobody();
  describe("in folders that it may only read", { skip: whyAlone }, () => {
    const denied = (command: string, directory: string) =>
      shell(`cd ${directory}; ${AS_NOBODY} ${COMMAND} ${command}`);

    it("says that a project cannot be built there, and leaves nothing", () => {
      chmodSync(folder, 0o755);
      const project = makeProject("foreign");
      const { status, stderr } = denied("build", project);
      assert.equal(status, 2);
      assert.match(
        stderr,
        /^error\[CLI011\]: \S*foreign\/build cannot be used: permission is denied/,
      );
      mkdirSync(join(project, "build"));
      const locked = denied("build", project);
      assert.match(locked.stderr, /^error\[CLI011\]: \S*foreign\/build cannot be used: permission/);
      assert.deepEqual(readdirSync(join(project, "build")), []);
    });

    it("says that an output cannot be written there", () => {
      const { status, stderr } = denied(`script --layout ${LAYOUT} -o kernel.ld`, INSTALLATION);
      assert.equal(status, 2);
      assert.match(stderr, /^error\[CLI007\]: kernel\.ld cannot be written: permission is denied/);
    });
  });
});

/** Why nobody cannot run the command here; false if it can. */
function whyNobody(): string | false {
  if (process.getuid?.() !== 0) return "only root can become another user";
  const main = join(INSTALLATION, "src", "cli", "main.ts");
  const { status } = spawnSync("bash", ["-c", `${AS_NOBODY} test -r "${main}"`]);
  return status === 0 ? false : "another user cannot read this clone";
}

/** A folder with the least that makes it a project. */
function makeProject(name: string): string {
  const project = join(folder, name);
  mkdirSync(join(project, "kernel"), { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(join(project, "kernel", "main.ts"), "export function kernelMain(): void {}");
  const abort = "export function abort(a: usize, b: usize, line: u32, column: u32): void {}";
  mkdirSync(join(project, "kernel", "log"));
  writeFileSync(join(project, "kernel", "log", "abort.ts"), abort);
  return project;
}
