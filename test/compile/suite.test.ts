// The official WebAssembly test suite's integer part, compiled and run as native i386 processes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cannotRun } from "./native";
import { runSuiteFile } from "./suite-run";
import { suite } from "./wasm-suite";

const skip = suite.missing || cannotRun();

/** What passed when this was written; fewer mean that something is left out that was not. */
const PASSED_BEFORE = 7000;

test("the integer part of the core suite gives the specified results", { skip }, () => {
  const failures: string[] = [];
  let passed = 0;
  for (const name of suite.files) {
    const result = runSuiteFile(suite, name, { unsupported: "trap" });
    failures.push(...result.failures);
    passed += result.passed;
  }
  assert.deepEqual(failures, []);
  assert.ok(passed >= PASSED_BEFORE, `only ${passed} assertions ran`);
});
