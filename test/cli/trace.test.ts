// `isthmus run --trace`: what the kernel tells, decoded, and where it is written.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isthmus } from "./isthmus";

const directory = mkdtempSync(join(tmpdir(), "isthmus-test-"));
after(() => rmSync(directory, { recursive: true }));

describe("isthmus run --trace", () => {
  it("writes calls, signals and ends to a file, as strace does", async () => {
    const file = join(directory, "trace");
    const words = ["run", "--machine", "v86", `--trace=${file}`, "--", "cat", "/etc/motd", "/no"];
    const { status, stdout, stderr } = await isthmus(words);
    assert.equal(status, 1);
    assert.doesNotMatch(stderr, /open|exit_group/);
    assert.match(stdout, /\/no/);
    const trace = readFileSync(file, "utf8");
    assert.match(trace, /^1 {5}open\("\/etc\/motd", O_RDONLY\) {7}= 3$/m);
    assert.match(trace, /^1 {5}read\(3, ".{1,40}"(\.\.\.)?, \d+\) += \d+$/m);
    assert.match(
      trace,
      /^1 {5}open\("\/no", O_RDONLY\) +=? -1 ENOENT \(No such file or directory\)$/m,
    );
    assert.match(trace, /1 {5}exit_group\(1\) {21}= \?\n1 {5}\+\+\+ exited with 1 \+\+\+\n$/);
    assert.doesNotMatch(trace, /\[1 [0-9a-f]+\] call/);
  });

  it("writes a line of JSON for each call that a filter names, of every process", async () => {
    const filter = ["--trace-filter", "fork,exit_group"];
    const words = ["run", "--machine", "v86", "--trace", "--json", ...filter, "--", "churn", "2"];
    const { stderr } = await isthmus(words);
    const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
    const events = lines.map((line) => JSON.parse(line));
    const calls = events.filter(({ call }) => call !== undefined);
    const forks = calls.filter(({ call, result }) => call === "fork" && result > 1);
    assert.ok(forks.length >= 2, stderr);
    for (const { result } of forks) {
      assert.ok(events.some(({ pid, exited }) => pid === result && exited !== undefined));
    }
    assert.deepEqual(new Set(calls.map(({ call }) => call)), new Set(["fork", "exit_group"]));
  });

  it("refuses options that do not fit together, before anything is built", async () => {
    const refused: readonly (readonly [RegExp, readonly string[]])[] = [
      [/give --trace, too/, ["--json"]],
      [/choose one/, ["--trace-count", "--json"]],
      [/not for --kernel/, ["--trace", "--kernel", "x"]],
      [/--trace-strings is x/, ["--trace-strings=x"]],
    ];
    for (const [text, words] of refused) {
      const { status, stderr } = await isthmus(["run", ...words]);
      assert.equal(status, 2);
      assert.match(stderr, text);
    }
  });

  it("names the call that a filter may mean", async () => {
    const { status, stderr } = await isthmus(["run", "--trace-filter", "opnat", "--", "true"]);
    assert.equal(status, 2);
    assert.match(stderr, /no system call opnat\n.*Did you mean openat\?/);
  });
});
