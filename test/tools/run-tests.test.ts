// Which tests a word names, and what is said to a word that names none.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { suggestions, testsNamed } from "../../tools/run-tests";

const FILES = [
  "base/inflate.test.ts",
  "kernel/clock.test.ts",
  "kernel/modes.test.ts",
  "link/check/loader-verdict.test.ts",
  "link/check.test.ts",
  "link/checksum.test.ts",
  "user/kernel.test.ts",
];

function run(...words: readonly string[]) {
  // Under the runner a nested runner would report to this one instead of printing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const line = ["--import", "./bin/loader.js", "tools/run-tests.ts", ...words];
  return spawnSync(process.execPath, line, { encoding: "utf8", env });
}

describe("npm test -- WORD", () => {
  it("runs the folder of that name, and nothing that only has the word in its path", () => {
    assert.deepEqual(testsNamed("kernel", FILES), ["kernel/clock.test.ts", "kernel/modes.test.ts"]);
  });

  it("runs a file by its path, with or without test/ and the ending", () => {
    const names = ["kernel/modes", "test/kernel/modes", "test/kernel/modes.test.ts"];
    for (const word of [...names, "./test/kernel/modes.test.ts", "test\\kernel\\modes"]) {
      assert.deepEqual(testsNamed(word, FILES), ["kernel/modes.test.ts"], word);
    }
  });

  it("runs both the folder and the file if both have the name", () => {
    const both = ["link/check/loader-verdict.test.ts", "link/check.test.ts"];
    assert.deepEqual(testsNamed("link/check", FILES), both);
    assert.deepEqual(testsNamed("test/link/check/", FILES), both);
  });

  it("runs everything for test/", () => {
    assert.deepEqual(testsNamed("test/", FILES), FILES);
  });

  it("knows no word that is only a file's name or part of one", () => {
    for (const word of ["modes", "kern", "link/check/verd", "test/kernel/mode.test.ts"]) {
      assert.deepEqual(testsNamed(word, FILES), [], word);
    }
  });

  it("suggests places that end in the word, the shortest first, or else the nearest", () => {
    assert.deepEqual(suggestions("modes", FILES), ["kernel/modes"]);
    assert.deepEqual(suggestions("check", FILES), ["link/check", "link/checksum"]);
    assert.deepEqual(suggestions("kernl", FILES), ["kernel"]);
    assert.deepEqual(suggestions("kernel/colck", FILES), ["kernel/clock"]);
    assert.deepEqual(suggestions("zzz", FILES), ["base", "kernel", "link", "user"]);
  });

  it("refuses a word that names nothing and an unknown option, with status 2", () => {
    const word = run("base", "inflat");
    assert.equal(word.status, 2);
    assert.equal(word.stderr, "run-tests: test/ has nothing named inflat; there is base/inflate\n");
    const option = run("--frobnicate");
    assert.equal(option.status, 2);
    assert.match(option.stderr, /^run-tests: Unknown option '--frobnicate'/);
  });

  it("runs only the tests whose name matches one -t", () => {
    const patterns = ["-t", "upward (arrow|pointer)", "-t", "guest import"];
    const { status, stdout } = run("tools/check-layers", ...patterns);
    assert.equal(status, 0);
    assert.match(stdout, /^# pass 2$/m);
  });
});
