// The build lock: one build at a time, and the lock of a dead process is taken over.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { takeOver, tryLock, withBuildLock } from "../../src/cli/build-lock";
import { ownIdentity } from "../../src/machine/process-identity";

const directory = mkdtempSync(join(tmpdir(), "isthmus-test-"));
const lock = join(directory, ".lock");
after(() => rmSync(directory, { recursive: true }));

/** This process's identity but for what is given. */
function identity(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(ownIdentity()), ...change });
}

function leaveLock(change: Readonly<Record<string, unknown>>): void {
  mkdirSync(lock);
  writeFileSync(join(lock, "owner"), identity(change));
}

function deadProcess(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

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
    leaveLock({ pid: deadProcess() });
    assert.equal(await withBuildLock(directory, async () => "in"), "in");
  });

  it("is taken over when another process has its owner's number", async () => {
    leaveLock({ start: "1" });
    assert.equal(await withBuildLock(directory, async () => "in"), "in");
  });

  it("is left to an owner in another container, unless it was not touched for long", async () => {
    leaveLock({ pid: deadProcess(), place: "elsewhere" });
    assert.equal(tryLock(lock), false);
    assert.equal(tryLock(lock), false, "it is still there");
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(join(lock, "owner"), longAgo, longAgo);
    assert.equal(await withBuildLock(directory, async () => "in"), "in");
  });

  it("is not taken from one that waited, too, and was faster", async () => {
    leaveLock({ pid: deadProcess() });
    // The other finds the owner to have ended and takes over, before we do what we have found, too.
    assert.equal(tryLock(lock), false);
    assert.equal(tryLock(lock), true);
    takeOver(lock);
    assert.deepEqual(readdirSync(lock), ["owner"]);
    rmSync(lock, { recursive: true });
  });

  it("can be taken over after one that died while it took over", async () => {
    leaveLock({ pid: deadProcess() });
    writeFileSync(join(lock, "takeover"), identity({ pid: deadProcess() }));
    assert.equal(await withBuildLock(directory, async () => "in"), "in");
  });

  it("leaves nothing beside it, not even what killed processes left", async () => {
    leaveLock({ pid: deadProcess() });
    renameSync(lock, `${lock}.1.1`);
    await withBuildLock(directory, async () => {});
    assert.deepEqual(readdirSync(directory), []);
  });

  it("is taken over from an owner that died before it signed", async () => {
    mkdirSync(lock);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, longAgo, longAgo);
    assert.equal(await withBuildLock(directory, async () => "in"), "in");
  });
});
