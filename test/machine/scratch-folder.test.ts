// A machine's folder: where it is made, and that those of killed processes go.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ownIdentity } from "../../src/machine/process-identity";
import { makeScratchFolder } from "../../src/machine/scratch-folder";

const parent = mkdtempSync(join(tmpdir(), "isthmus-test-"));
after(() => rmSync(parent, { recursive: true }));

function leave(name: string, change: Readonly<Record<string, unknown>>): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "memory"), "x");
  const owner = { ...JSON.parse(ownIdentity()), ...change };
  writeFileSync(join(folder, "owner"), JSON.stringify(owner));
  return folder;
}

describe("a machine's folder", () => {
  it("is new, and those of processes that were killed are removed with it", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const dead = leave("isthmus-machine-dead", { pid });
    const running = leave("isthmus-machine-running", {});
    const foreign = leave("isthmus-machine-foreign", { pid, place: "elsewhere" });
    const other = leave("other", { pid });
    const folder = makeScratchFolder(parent);
    assert.ok(existsSync(join(folder, "owner")));
    assert.equal(existsSync(dead), false);
    for (const kept of [running, foreign, other]) assert.ok(existsSync(kept), kept);
  });

  it("cannot be made where there is no folder, and the message says what to do", () => {
    assert.throws(() => makeScratchFolder(join(parent, "none")), {
      code: "MACH008",
      message: /none: there is no such file or folder/,
      remedy: /TMPDIR/,
    });
  });
});
