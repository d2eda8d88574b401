// The figures of `npm run bench:time`: which rows there are, and what is made of samples.

import assert from "node:assert/strict";
import test from "node:test";
import { shortest, TIMED_ROWS } from "../../bench/kernel/time";

const [NULL_CALL] = TIMED_ROWS;
assert.ok(NULL_CALL);

function line(...samples: number[]): string {
  const words = samples.flatMap((each) => [1, each]).map((each) => each.toString(16));
  return `row getppid ${words.map((each) => each.padStart(8, "0")).join(" ")}\n`;
}

test("the null call, a pipe, and fork with exec are timed", () => {
  const names = TIMED_ROWS.map(({ id }) => id);
  for (const id of ["getppid", "pipe", "exec"]) assert.ok(names.includes(id), id);
});

test("a figure is the shortest sample of all rounds, for one of its 256 calls", () => {
  assert.equal(shortest([line(25600, 512000), line(51200, 77000)], NULL_CALL), 100);
});

test("a row that went wrong is no figure", () => {
  assert.throws(() => shortest(["failed: execve\n"], NULL_CALL), /failed: execve/);
  assert.throws(
    () => shortest(["row pipe 00000001 00000001\n"], NULL_CALL),
    /row getppid is missing/,
  );
});
