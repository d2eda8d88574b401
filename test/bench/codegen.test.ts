import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import test from "node:test";
import { BENCH_PROGRAMS } from "../../bench/harness/programs";
import type { ProgramResult } from "../../bench/harness/report";
import { geomean, ratio, toJson } from "../../bench/harness/report";
import { requireTool } from "../../bench/harness/require-tool";

function missingTools(): string | false {
  try {
    for (const tool of ["gcc", "clang", "qemu-system-i386"]) requireTool(tool);
    return false;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

function benchmark(...parameters: string[]) {
  const line = ["--import", "./bin/loader.js", "bench/codegen.ts", ...parameters];
  return spawnSync(process.execPath, line, { encoding: "utf8" });
}

const cost = (instructions: number) => ({ instructions, nanoseconds: undefined, textBytes: 10 });
const result = (name: string, gcc: number, clang: number, isthmus?: number): ProgramResult => ({
  name,
  builds: {
    gcc: cost(gcc),
    clang: cost(clang),
    ...(isthmus === undefined ? {} : { isthmus: cost(isthmus) }),
  },
});

test("a geomean leaves out programs that not every compiler built", () => {
  const results = [result("a", 100, 100, 50), result("b", 100, 100, 200), result("c", 100, 900)];
  assert.equal(geomean(results, "isthmus", "instructions"), 1);
  assert.equal(geomean(results, "clang", "instructions"), 1);
  assert.equal(geomean(results, "isthmus", "nanoseconds"), undefined);
  assert.equal(geomean([], "isthmus", "instructions"), undefined);
  assert.equal(ratio(results[2] as ProgramResult, "clang", "instructions"), 9);
  assert.equal(ratio(results[2] as ProgramResult, "isthmus", "instructions"), undefined);
  assert.equal(JSON.parse(toJson(results)).geomeans.isthmus.instructions, 1);
});

test("every program has a twin in C and in TypeScript", () => {
  assert.ok(BENCH_PROGRAMS.length >= 16);
  for (const { name } of BENCH_PROGRAMS) {
    for (const extension of ["c", "ts"]) {
      assert.ok(existsSync(`bench/codegen/${name}.${extension}`), `${name}.${extension}`);
    }
  }
});

test("instructions are counted exactly: twice the same", { skip: missingTools() }, () => {
  const runs = [0, 1].map(() => benchmark("--json", "--no-time", "crc32"));
  const [first, second] = runs.map(({ stdout, stderr }) => {
    assert.equal(stderr, "");
    return JSON.parse(stdout);
  });
  assert.deepEqual(first, second);
  const [{ name, builds }] = first.programs;
  assert.equal(name, "crc32");
  // 8 rounds of 32768 bytes: no compiler takes less than 5 or more than 30 instructions for one.
  for (const compiler of ["gcc", "clang", "isthmus"]) {
    const perByte = builds[compiler].instructions / (8 * 32768);
    assert.ok(perByte > 5 && perByte < 30, `${compiler}: ${perByte}`);
  }
});

test("a name that no program has is refused with the names there are", {
  skip: missingTools(),
}, () => {
  const { status, stderr } = benchmark("nonsense");
  assert.equal(status, 2);
  assert.match(stderr, /BENCH004.*nonsense[\s\S]*merge-sort/);
  assert.equal(benchmark("--nonsense").status, 2);
});
