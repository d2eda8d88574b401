// That the unit tests of the kernel's lower floors notice each comparison that is reversed: see
// mutation/run.ts.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "./bin/loader.js", "test/kernel/mutation/run.ts", ...words],
    { encoding: "utf8" },
  );
  return { status, stdout, complaints: stderr.split("\n").filter((line) => line !== "") };
}

describe("the mutation run", () => {
  it("finds no comparison of memory/, file/ and thread/ that can be reversed unnoticed", () => {
    const { status, stdout, complaints } = run();
    assert.deepEqual(complaints, []);
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^kernel\/memory\/heap\.ts: \d+ comparisons reversed, \d+ of them compiled alone$/m,
    );
  });

  it("names each comparison whose reversal no test notices", () => {
    const { status, complaints } = run(
      "kernel/memory/range.ts",
      "--tests",
      "test/kernel/memory/frames.test.ts",
    );
    assert.equal(status, 1);
    assert.deepEqual(
      complaints.map((line) => line.replace(/:\d+:/, "")),
      [
        "kernel/memory/range.ts offset <= size: no test fails if this is reversed",
        "kernel/memory/range.ts length <= size - offset: no test fails if this is reversed",
      ],
    );
  });

  it("believes no tests that fail on the file as it is", () => {
    const { status, complaints } = run("kernel/memory/range.ts", "--tests", "test/missing.test.ts");
    assert.equal(status, 1);
    assert.match(complaints.join("\n"), /^kernel\/memory\/range\.ts: its tests fail as it is: /);
  });
});
