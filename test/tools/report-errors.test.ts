// Scripts of bench/ and tools/ that are called wrongly say so in words, with status 2.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";

const CALLS: readonly (readonly [script: string, words: readonly string[], told: RegExp])[] = [
  ["bench/time.ts", [], /^error\[BENCH008\]: there is no kernel to compare with/],
  [
    "bench/time.ts",
    ["--before", "package.json", "--rounds", "0"],
    /^error\[BENCH009\]: 0 is no number of rounds/,
  ],
  ["bench/time.ts", ["--linux", "nowhere"], /^error\[BENCH010\]: there is no kernel nowhere/],
  ["tools/storm.ts", ["--sed", "2"], /^Unknown option '--sed'\. The head of .*storm\.ts says/],
  ["tools/csmith.ts", ["--first"], /^Option '--first <value>' argument missing\. The head of/],
];

for (const [script, words, told] of CALLS) {
  test(`${[script, ...words].join(" ")} is refused in words`, () => {
    const all = ["--import", "./bin/loader.js", script, ...words];
    const { status, stderr } = spawnSync(process.execPath, all, { encoding: "utf8" });
    assert.match(stderr, told);
    assert.doesNotMatch(stderr, /^ {4}at /m);
    assert.equal(status, 2);
  });
}
