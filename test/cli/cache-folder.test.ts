// Where an installation's own kernel is built, on each platform and for users without a home. The
// platforms besides this one are decided by rules alone: no such machine has tried them.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { Diagnostic } from "../../src/base/diagnostic";
import {
  cacheCandidates,
  cacheFolder,
  makeCacheFolder,
  type Surroundings,
} from "../../src/cli/cache-folder";

const linux: Surroundings = {
  platform: "linux",
  environment: {},
  home: "/home/ada",
  temporary: "/tmp",
  user: "1000",
};

describe("the cache is looked for", () => {
  it("in XDG_CACHE_HOME, then in ~/.cache, then beside other users' files", () => {
    const environment = { XDG_CACHE_HOME: "/fast/cache" };
    assert.deepEqual(cacheCandidates({ ...linux, environment }), [
      "/fast/cache/isthmus",
      "/home/ada/.cache/isthmus",
      "/tmp/isthmus-1000",
    ]);
  });

  it("not in an XDG_CACHE_HOME that is empty or relative", () => {
    for (const XDG_CACHE_HOME of ["", "cache", "./cache"]) {
      const [first] = cacheCandidates({ ...linux, environment: { XDG_CACHE_HOME } });
      assert.equal(first, "/home/ada/.cache/isthmus");
    }
  });

  it("only in the last of these, for users without a home", () => {
    assert.deepEqual(cacheCandidates({ ...linux, home: "" }), ["/tmp/isthmus-1000"]);
  });

  it("in ~/Library/Caches on macOS", () => {
    const mac = { ...linux, platform: "darwin", home: "/Users/ada" } as const;
    assert.equal(cacheCandidates(mac)[0], "/Users/ada/Library/Caches/isthmus");
  });

  it("in %LOCALAPPDATA% on Windows, with its separators", () => {
    const home = "C:\\Users\\ada";
    const windows = {
      ...linux,
      platform: "win32",
      home,
      temporary: "C:\\Temp",
      user: "ada",
    } as const;
    const environment = { LOCALAPPDATA: "D:\\Local" };
    assert.deepEqual(cacheCandidates({ ...windows, environment }), [
      "D:\\Local\\isthmus",
      "C:\\Temp\\isthmus-ada",
    ]);
    assert.equal(cacheCandidates(windows)[0], "C:\\Users\\ada\\AppData\\Local\\isthmus");
  });
});

describe("the cache", () => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-test-"));
  const home = join(folder, "home");
  const temporary = join(folder, "tmp");
  const around: Surroundings = { ...linux, home, temporary };

  beforeEach(() => {
    for (const path of [home, temporary]) {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is another folder for each installation, and is not made before it is needed", () => {
    const [one, other] = ["/usr/lib/isthmus", "/opt/isthmus"].map((at) => cacheFolder(at, around));
    assert.match(one?.path ?? "", /home\/\.cache\/isthmus\/[0-9a-f]{16}$/);
    assert.notEqual(one?.path, other?.path);
    assert.deepEqual([one?.isUsable, one?.complaint], [true, undefined]);
  });

  it("goes to the temporary folder, with the reason, when a file is in the way", () => {
    writeFileSync(join(home, ".cache"), "");
    chmodSync(join(home, ".cache"), 0o444);
    const { path, complaint, isUsable } = cacheFolder("/usr/lib/isthmus", around);
    assert.ok(path.startsWith(join(temporary, "isthmus-1000")), path);
    assert.match(
      complaint ?? "",
      /home\/\.cache\/isthmus cannot be used: a part of the path is not/,
    );
    assert.equal(isUsable, true);
  });

  for (const [what, make] of Object.entries({
    "a link": (path: string) => symlinkSync(home, path),
    "a file": (path: string) => writeFileSync(path, ""),
    "a folder that others can write": (path: string) => {
      mkdirSync(path);
      chmodSync(path, 0o777);
    },
  })) {
    it(`is refused where ${what} waits for it in the temporary folder`, () => {
      make(join(temporary, "isthmus-1000"));
      const cache = cacheFolder("/usr/lib/isthmus", { ...around, home: "" });
      assert.equal(cache.isUsable, false);
      assert.throws(
        () => makeCacheFolder(cache),
        (error) =>
          error instanceof Diagnostic &&
          error.code === "CLI012" &&
          /isthmus-1000 cannot be used: it is not this user's alone/.test(error.message),
      );
    });
  }
});
