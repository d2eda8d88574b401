// What the verifier between passes says of values that break the invariants of ir/ir.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseFunctions } from "../../../src/compile/ir/parse";
import { verify } from "../../../src/compile/passes/verify";

describe("verify", () => {
  it("names pass, function and value of a use that its definition does not dominate", () => {
    const [fn] = parseFunctions(
      [
        "function wrong(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  branch v0 b1 b2",
        "b1: from b0",
        "  v1 = add v0 1",
        "  jump b2",
        "b2: from b0 b1",
        "  return v1",
      ].join("\n"),
    );
    assert.ok(fn);
    assert.throws(() => verify(fn, "simplify"), /after simplify: wrong: .*v1 does not dominate/);
  });
});
