// The official WebAssembly test suite, compiled and run as native i386 processes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cannotRun, type RunOptions } from "../native/native";
import { exclusions, runSuiteFile } from "./suite-run";
import { suite } from "./wasm-suite";

const skip = suite.missing || cannotRun();

/** What passed when this was written; fewer mean that something is left out that was not. */
const PASSED_BEFORE = 24_400;
/** The same with the assertions about bounds. */
const PASSED_IN_OWN = 24_700;

const MODES: Readonly<Record<string, RunOptions>> = {
  "as it is": {},
  "at -O0": { level: 0 },
  "in a memory of its own": { ownMemory: true },
};

describe("the core suite gives the specified results", { skip }, () => {
  for (const [mode, options] of Object.entries(MODES)) {
    it(mode, () => {
      const failures: string[] = [];
      const reasons = new Set<string>();
      let passed = 0;
      for (const name of suite.files) {
        const result = runSuiteFile(suite, name, options);
        failures.push(...result.failures);
        passed += result.passed;
        for (const reason of result.excluded.keys()) reasons.add(reason);
      }
      assert.deepEqual(failures, []);
      assert.deepEqual([...reasons].sort(), [...exclusions(options)].sort());
      const before = options.ownMemory ? PASSED_IN_OWN : PASSED_BEFORE;
      assert.ok(passed >= before, `only ${passed} assertions ran`);
    });
  }
});
