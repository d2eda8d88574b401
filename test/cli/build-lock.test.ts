// The build lock: one build at a time, and the lock of a dead process is taken over.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withBuildLock } from "../../src/cli/build-lock";

const directory = mkdtempSync(join(tmpdir(), "isthmus-test-"));
const lock = join(directory, ".lock");
after(() => rmSync(directory, { recursive: true }));

describe("the build lock", () => {
  it("lets one in at a time, and is gone afterwards, after an error too", async () => {
    let inside = 0;
    const enter = (fails: boolean) =>
      withBuildLock(directory, async () => {
        assert.equal(++inside, 1);
        await sleep(20);
        inside--;
        if (fails) throw new Error("as asked");
      });
    const results = await Promise.allSettled([enter(false), enter(true), enter(false)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.equal(existsSync(lock), false);
  });

  it("is taken over from an owner that died", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    mkdirSync(lock);
    writeFileSync(join(lock, "owner"), String(pid));
    assert.equal(await withBuildLock(directory, async () => "in"), "in");
  });

  it("is taken over from an owner that died before it signed", async () => {
    mkdirSync(lock);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, longAgo, longAgo);
    assert.equal(await withBuildLock(directory, async () => "in"), "in");
  });
});
