// One case per thing that a pass over SSA form does: text in, text out. The form is that of
// src/compile/ir/print.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setLoopDepths } from "../../src/compile/ir/dominators";
import type { IrFunction } from "../../src/compile/ir/ir";
import { parseFunctions } from "../../src/compile/ir/parse";
import { printFunction } from "../../src/compile/ir/print";
import { branchSelects } from "../../src/compile/passes/branch-selects";
import { cutNoReturn } from "../../src/compile/passes/cut-no-return";
import { duplicateReturns } from "../../src/compile/passes/duplicate-returns";
import { forwardLoads } from "../../src/compile/passes/forward-loads";
import { hoist } from "../../src/compile/passes/hoist";
import { lower } from "../../src/compile/passes/lower";
import { mergeEqual } from "../../src/compile/passes/merge-equal";
import { reduceStrength } from "../../src/compile/passes/reduce-strength";
import { schedule } from "../../src/compile/passes/schedule";
import { simplify } from "../../src/compile/passes/simplify";
import { sink } from "../../src/compile/passes/sink";
import { splitEdges } from "../../src/compile/passes/split-edges";
import { verify } from "../../src/compile/passes/verify";

function text(...lines: string[]): string {
  return `${lines.join("\n")}\n`;
}

/** Runs `pass` on the one function in `before` and expects `after`. */
function turns(pass: (fn: IrFunction) => void, before: string, after: string): void {
  const [fn] = parseFunctions(before);
  assert.ok(fn);
  verify(fn, "input");
  pass(fn);
  verify(fn, "the pass");
  assert.equal(printFunction(fn), after);
}

describe("simplify", () => {
  it("jumps past a merge of truth values to where they lead", () => {
    turns(
      simplify,
      text(
        "function both(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = lt_s v0 10",
        "  branch v2 b1 b2",
        "b1: from b0",
        "  v3 = eq v1 7",
        "  jump b3",
        "b2: from b0",
        "  jump b3",
        "b3: from b1 b2",
        "  v4 = phi v3 0",
        "  branch v4 b4 b5",
        "b4: from b3",
        "  return 1",
        "b5: from b3",
        "  return 2",
      ),
      text(
        "function both(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = lt_s v0 10",
        "  branch v2 b1 b2",
        "b2: from b0",
        "  jump b5",
        "b1: from b0",
        "  v3 = eq v1 7",
        "  branch v3 b4 b5",
        "b5: from b1 b2",
        "  return 2",
        "b4: from b1",
        "  return 1",
      ),
    );
  });

  it("goes past the test of what was not found, and uses what was found behind it", () => {
    turns(
      simplify,
      text(
        "function first(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = load32 v0",
        "  branch v1 b1 b2",
        "b1: from b0",
        "  v2 = load32 v1 offset=4",
        "  jump b3",
        "b2: from b0",
        "  store32 v0 1",
        "  jump b3",
        "b3: from b1 b2",
        "  v3 = phi v2 0",
        "  branch v3 b4 b5",
        "b4: from b3",
        "  v4 = load32 v3 offset=8",
        "  return v4",
        "b5: from b3",
        "  return -1",
      ),
      text(
        "function first(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = load32 v0",
        "  branch v1 b1 b2",
        "b2: from b0",
        "  store32 v0 1",
        "  jump b5",
        "b1: from b0",
        "  v2 = load32 v1 offset=4",
        "  branch v2 b4 b5",
        "b5: from b1 b2",
        "  return -1",
        "b4: from b1",
        "  v4 = load32 v2 offset=8",
        "  return v4",
      ),
    );
  });

  it("tests again only on ways that do not know the outcome", () => {
    turns(
      simplify,
      text(
        "function again(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  branch v0 b1 b2",
        "b1: from b0",
        "  branch v1 b3 b2",
        "b2: from b0 b1",
        "  branch v0 b4 b5",
        "b3: from b1",
        "  return 1",
        "b4: from b2",
        "  return 2",
        "b5: from b2",
        "  return 3",
      ),
      text(
        "function again(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  branch v0 b1 b5",
        "b5: from b0",
        "  return 3",
        "b1: from b0",
        "  branch v1 b3 b4",
        "b4: from b1",
        "  return 2",
        "b3: from b1",
        "  return 1",
      ),
    );
  });

  it("does not pass a merge for where the merged value is used", () => {
    const code = text(
      "function used(i32, i32): i32",
      "b0:",
      "  v0 = param 0",
      "  v1 = param 1",
      "  branch v0 b1 b2",
      "b2: from b0",
      "  store32 v1 2",
      "  jump b3",
      "b1: from b0",
      "  store32 v1 1",
      "  jump b3",
      "b3: from b1 b2",
      "  v2 = phi 7 v1",
      "  branch v2 b4 b5",
      "b5: from b3",
      "  return 3",
      "b4: from b3",
      "  v3 = load32 v2",
      "  return v3",
    );
    turns(simplify, code, code);
  });

  it("decides a branch on `a ? b : 0` in two steps", () => {
    turns(
      simplify,
      text(
        "function both(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = eq v1 7",
        "  v3 = select v0 v2 0",
        "  branch v3 b1 b2",
        "b1: from b0",
        "  return 1",
        "b2: from b0",
        "  return 2",
      ),
      text(
        "function both(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  branch v0 b3 b2",
        "b3: from b0",
        "  v2 = eq v1 7",
        "  branch v2 b1 b2",
        "b2: from b3 b0",
        "  return 2",
        "b1: from b3",
        "  return 1",
      ),
    );
  });

  it("adds words where nobody wants the high one", () => {
    turns(
      simplify,
      text(
        "function low(i64, i64): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = param 2",
        "  v3 = param 3",
        "  v4 = add64 v0 v1 v2 v3",
        "  v5 = high v4",
        "  return v4",
      ),
      text(
        "function low(i64, i64): i32",
        "b0:",
        "  v0 = param 0",
        "  v2 = param 2",
        "  v4 = add v0 v2",
        "  return v4",
      ),
    );
  });

  it("keeps a division that may fault, though its result is dead", () => {
    turns(
      simplify,
      text(
        "function check(i32, i32): void",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = div_u v0 v1",
        "  v3 = div_u v0 3",
        "  v4 = div_s v0 -1",
        "  return",
      ),
      text(
        "function check(i32, i32): void",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = div_u v0 v1",
        "  v4 = div_s v0 -1",
        "  return",
      ),
    );
  });
});

describe("lower", () => {
  it("divides by a constant with a multiplication", () => {
    turns(
      (fn) => {
        lower(fn);
        simplify(fn);
      },
      text(
        "function tenth(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = div_u v0 10",
        "  return v1",
      ),
      text(
        "function tenth(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v5 = mulh_u v0 -858993459",
        "  v7 = shr v5 3",
        "  return v7",
      ),
    );
  });

  it("gets quotient and remainder from one division", () => {
    turns(
      (fn) => {
        lower(fn);
        mergeEqual(fn);
        simplify(fn);
      },
      text(
        "function both(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = div_u v0 v1",
        "  v3 = rem_u v0 v1",
        "  v4 = xor v2 v3",
        "  return v4",
      ),
      text(
        "function both(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v7 = divide_u v0 0 v1",
        "  v9 = high v7",
        "  v4 = xor v7 v9",
        "  return v4",
      ),
    );
  });

  it("checks the range of a long switch once, and compares for a short one", () => {
    const head = ["function pick(i32): i32", "b0:", "  v0 = param 0"];
    const ends = ["b1: from b0", "  return 1", "b2: from b0", "  return 2"];
    turns(
      lower,
      text(...head, "  switch v0 b1 b2 b1 b2 b1 b2", ...ends),
      text(
        ...head,
        "  v7 = gt_u v0 4",
        "  branch v7 b2 b3",
        "b3: from b0",
        "  table_jump v0 b1 b2 b1 b2 b1",
        "b1: from b3",
        "  return 1",
        "b2: from b0 b3",
        "  return 2",
      ),
    );
    turns(
      lower,
      text(...head, "  switch v0 b1 b2", ...ends),
      text(...head, "  v7 = eq v0 0", "  branch v7 b1 b2", ...ends),
    );
  });
});

describe("sink", () => {
  it("computes a value on the one way that needs it", () => {
    turns(
      (fn) => {
        splitEdges(fn);
        setLoopDepths(fn);
        sink(fn);
      },
      text(
        "function late(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  v2 = add v0 v1",
        "  branch v0 b1 b2",
        "b1: from b0",
        "  return v2",
        "b2: from b0",
        "  return 3",
      ),
      text(
        "function late(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  branch v0 b1 b2",
        "b1: from b0",
        "  v2 = add v0 v1",
        "  return v2",
        "b2: from b0",
        "  return 3",
      ),
    );
  });
});

describe("duplicate-returns", () => {
  it("returns from where a block would jump to the return", () => {
    turns(
      (fn) => {
        duplicateReturns(fn);
        simplify(fn);
      },
      text(
        "function either(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  branch v0 b1 b2",
        "b1: from b0",
        "  v1 = call f(): i32",
        "  jump b3",
        "b2: from b0",
        "  v2 = call g(): i32",
        "  jump b3",
        "b3: from b1 b2",
        "  v3 = phi v1 v2",
        "  return v3",
      ),
      text(
        "function either(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  branch v0 b1 b2",
        "b2: from b0",
        "  v2 = call g(): i32",
        "  return v2",
        "b1: from b0",
        "  v1 = call f(): i32",
        "  return v1",
      ),
    );
  });
});

describe("cut-no-return", () => {
  it("ends the code behind a call that never returns, also through another function", () => {
    const functions = parseFunctions(
      text(
        "function stop(): void",
        "b0:",
        "  jump b1",
        "b1: from b0 b1",
        "  jump b1",
        "",
        "function fail(): void",
        "b0:",
        "  v0 = call stop(): void",
        "  return",
        "",
        "function check(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  branch v0 b1 b2",
        "b1: from b0",
        "  v1 = call fail(): void",
        "  jump b2",
        "b2: from b0 b1",
        "  return v0",
      ),
    );
    cutNoReturn(functions);
    for (const fn of functions) simplify(fn);
    assert.equal(
      printFunction(functions[2]!),
      text(
        "function check(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  branch v0 b1 b2",
        "b2: from b0",
        "  return v0",
        "b1: from b0",
        "  v1 = call fail(): void",
        "  unreachable",
      ),
    );
  });
});

describe("verify", () => {
  it("names pass, function and value of a use that its definition does not dominate", () => {
    const [fn] = parseFunctions(
      text(
        "function wrong(i32): i32",
        "b0:",
        "  v0 = param 0",
        "  branch v0 b1 b2",
        "b1: from b0",
        "  v1 = add v0 1",
        "  jump b2",
        "b2: from b0 b1",
        "  return v1",
      ),
    );
    assert.ok(fn);
    assert.throws(() => verify(fn, "simplify"), /after simplify: wrong: .*v1 does not dominate/);
  });
});

describe("schedule", () => {
  it("computes the next value of a pointer when the last one is no longer needed", () => {
    turns(
      schedule,
      text(
        "function fill(i32, i32): void",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  jump b1",
        "b1: from b0 b1",
        "  v2 = phi v0 v4",
        "  v3 = phi v1 v5",
        "  v4 = add v2 1",
        "  v5 = add v3 -1",
        "  v6 = add v2 v3",
        "  store8 v6 v3",
        "  branch v5 b1 b2",
        "b2: from b1",
        "  return",
      ),
      text(
        "function fill(i32, i32): void",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  jump b1",
        "b1: from b0 b1",
        "  v2 = phi v0 v4",
        "  v3 = phi v1 v5",
        "  v6 = add v2 v3",
        "  store8 v6 v3",
        "  v4 = add v2 1",
        "  v5 = add v3 -1",
        "  branch v5 b1 b2",
        "b2: from b1",
        "  return",
      ),
    );
  });

  it("keeps the order of what may write, and makes no operand live longer", () => {
    const before = text(
      "function swap(i32, i32): i32",
      "b0:",
      "  v0 = param 0",
      "  v1 = param 1",
      "  v2 = load32 v0",
      "  v3 = add v2 v1",
      "  store32 v0 7",
      "  v4 = load32 v0",
      "  v5 = add v4 v3",
      "  return v5",
    );
    turns(schedule, before, before);
  });
});

describe("hoist", () => {
  it("computes before a loop what does not change in it, and no sum that an address makes", () => {
    turns(
      hoist,
      text(
        "function f(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  branch v0 b1 b2",
        "b1: from b0 b1",
        "  v2 = phi 0 v6",
        "  v3 = mul v0 v1",
        "  v4 = add v0 v1",
        "  v5 = load32 v4",
        "  v6 = add v2 v3",
        "  v7 = add v6 v5",
        "  branch v7 b1 b2",
        "b2: from b0 b1",
        "  return v1",
      ),
      text(
        "function f(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  branch v0 b3 b2",
        "b3: from b0",
        "  v3 = mul v0 v1",
        "  jump b1",
        "b1: from b1 b3",
        "  v2 = phi v6 0",
        "  v4 = add v0 v1",
        "  v5 = load32 v4",
        "  v6 = add v2 v3",
        "  v7 = add v6 v5",
        "  branch v7 b1 b2",
        "b2: from b0 b1",
        "  return v1",
      ),
    );
  });

  it("leaves what only some iterations need", () => {
    const before = text(
      "function f(i32, i32): void",
      "b0:",
      "  v0 = param 0",
      "  v1 = param 1",
      "  jump b1",
      "b1: from b0 b3",
      "  v2 = load32 v0",
      "  branch v2 b2 b3",
      "b2: from b1",
      "  v3 = mul v0 v1",
      "  store32 v1 v3",
      "  jump b3",
      "b3: from b1 b2",
      "  jump b1",
    );
    turns(hoist, before, before);
  });
});

describe("reduce-strength", () => {
  const loop = (...body: string[]): string =>
    text(
      "function f(i32, i32): i32",
      "b0:",
      "  v0 = param 0",
      "  v1 = param 1",
      "  jump b1",
      "b1: from b0 b2",
      "  v2 = phi 3 v9",
      "  v3 = lt_u v2 v0",
      "  branch v3 b2 b3",
      "b2: from b1",
      ...body,
      "  v9 = add v2 2",
      "  jump b1",
      "b3: from b1",
      "  return v2",
    );
  const after = (before: string): string => {
    const [fn] = parseFunctions(before);
    assert.ok(fn);
    reduceStrength(fn);
    simplify(fn);
    verify(fn, "reduce-strength");
    return printFunction(fn);
  };

  it("gives addresses that grow by much a counter of their own, with their constants apart", () => {
    const text = after(
      loop(
        "  v4 = shl v2 6",
        "  v5 = add v4 v1",
        "  v6 = shl v5 3",
        "  v7 = add v6 40",
        "  store32 v7 1",
        "  store32 v6 2 offset=4",
      ),
    );
    assert.match(text, /v\d+ = shl v1 3\n {2}(v\d+) = add v\d+ 1536\n/);
    assert.match(text, /(v\d+) = phi v\d+ (v\d+)\n[\s\S]*\2 = add \1 1024\n/);
    assert.match(text, /store32 (v\d+) 1 offset=40\n {2}store32 \1 2 offset=4\n/);
  });

  it("computes what does not change before the loop, and leaves the rest to the address", () => {
    const text = after(
      loop("  v4 = add v1 v0", "  v5 = add v4 v2", "  v6 = add v0 v5", "  store8 v6 7 offset=1"),
    );
    assert.match(text, /b0:[\s\S]* = shl v0 1\n[\s\S]*jump b1\n/);
    assert.match(text, /b2: .*\n {2}(v\d+) = add v\d+ v2\n {2}store8 \1 7 offset=1\n/);
  });

  it("leaves addresses that are free, and those that do not grow evenly", () => {
    for (const body of [
      ["  v4 = shl v2 3", "  v5 = add v4 v1", "  store32 v5 1 offset=8"],
      ["  v4 = mul v2 v2", "  v5 = shl v4 3", "  v6 = add v5 v1", "  store32 v6 1"],
    ]) {
      turns(reduceStrength, loop(...body), loop(...body));
    }
  });
});

describe("forward-loads", () => {
  const body = (...lines: string[]): string =>
    text("function f(i32, i32): i32", "b0:", "  v0 = param 0", "  v1 = param 1", ...lines);

  it("answers loads by what was loaded or stored there before", () => {
    turns(
      forwardLoads,
      body(
        "  v2 = load32 v0 offset=8",
        "  store32 v2 v1 offset=4",
        "  v3 = load32 v2 offset=4",
        "  store32 v0 v3",
        "  v4 = add v0 4",
        "  v5 = load32 v4 offset=-4",
        "  store32 v5 v3",
        "  v6 = load32 v1",
        "  v7 = mul v6 v3",
        "  return v7",
      ),
      body(
        "  v2 = load32 v0 offset=8",
        "  store32 v2 v1 offset=4",
        "  store32 v0 v1",
        "  v4 = add v0 4",
        "  store32 v1 v1",
        "  v6 = load32 v1",
        "  v7 = mul v6 v1",
        "  return v7",
      ),
    );
  });

  it("leaves operands in memory, but not what is extended on the way to a register", () => {
    const byte = (again: string) =>
      body("  v2 = load8_u v0", ...again.split("/"), "  v6 = mul v5 v2", "  return v6");
    turns(forwardLoads, byte("  v3 = load8_u v0/  v5 = add v1 v3"), byte("  v5 = add v1 v2"));
    const word = byte("  v3 = load32 v0/  v5 = add v1 v3").replace("load8_u", "load32");
    turns(forwardLoads, word, word);
    const compared = byte("  v3 = load8_u v0/  v5 = eq v3 7");
    turns(forwardLoads, compared, compared);
  });

  it("knows what all ways to a block agree on, and nothing where a loop begins", () => {
    const before = (again: string) =>
      body(
        "  v2 = load32 v0",
        "  store32 v2 v2",
        "  branch v1 b1 b2",
        "b1: from b0",
        "  jump b3",
        "b2: from b0",
        "  store32 v0 7 offset=4",
        "  jump b3",
        "b3: from b1 b2",
        `  v3 = load32 v2`,
        again,
        "  return v3",
      );
    turns(forwardLoads, before("  store8 v3 v3"), before("  store8 v3 v3"));
    const loop = body(
      "  v2 = load32 v0",
      "  store32 v2 v2 offset=4",
      "  jump b1",
      "b1: from b0 b1",
      "  v3 = load32 v0",
      "  branch v3 b1 b2",
      "b2: from b1",
      "  return v2",
    );
    turns(forwardLoads, loop, loop);
  });

  it("forgets what a store may have changed, and everything at a call", () => {
    for (const between of [
      "  store8 v1 0",
      "  store8 v0 0 offset=3",
      "  store32 v0 0 offset=-3",
      "  store16 5 0",
      "  v9 = call g(): void",
      "  v9 = intrinsic pause(): void",
    ]) {
      const code = body(
        "  v2 = load32 v0",
        "  store32 v2 v2 offset=64",
        between,
        "  v3 = load32 v0",
        "  store32 v3 v3 offset=64",
        "  return v2",
      );
      turns(forwardLoads, code, code);
    }
  });
});

describe("branch-selects", () => {
  /** Goes through memory at v2 until v2 is 0; `body` computes the next v2 as v6. */
  const loop = (...body: string[]): string =>
    text(
      "function f(i32, i32): i32",
      "b0:",
      "  v0 = param 0",
      "  v1 = param 1",
      "  jump b1",
      "b1: from b0 b1",
      "  v2 = phi v0 v6",
      "  v3 = phi v1 v7",
      ...body,
      "  branch v6 b1 b2",
      "b2: from b1",
      "  return v2",
    );

  it("branches where the next iteration's address waits for what a load decides", () => {
    turns(
      branchSelects,
      loop(
        "  v4 = load32 v2",
        "  v5 = lt_u v4 v1",
        "  v6 = select v5 v3 v2",
        "  v8 = add v3 4",
        "  v7 = select v5 v8 v3",
        "  store32 v6 v4",
      ),
      text(
        "function f(i32, i32): i32",
        "b0:",
        "  v0 = param 0",
        "  v1 = param 1",
        "  jump b1",
        "b1: from b0 b4",
        "  v2 = phi v0 v6",
        "  v3 = phi v1 v7",
        "  v4 = load32 v2",
        "  v5 = lt_u v4 v1",
        "  v8 = add v3 4",
        "  branch v5 b3 b4",
        "b3: from b1",
        "  jump b4",
        "b4: from b1 b3",
        "  v6 = phi v2 v3",
        "  v7 = phi v3 v8",
        "  store32 v6 v4",
        "  branch v6 b1 b2",
        "b2: from b4",
        "  return v2",
      ),
    );
  });

  it("keeps selections whose condition is no later than what they choose from", () => {
    for (const body of [
      // A tree: both children are loaded, as is the key.
      [
        "  v4 = load32 v2",
        "  v5 = lt_u v4 v1",
        "  v8 = load32 v2 offset=4",
        "  v6 = select v5 v8 v2",
        "  v7 = add v3 4",
      ],
      // The least number: its address is a counter.
      ["  v4 = load32 v3", "  v5 = lt_u v4 v2", "  v6 = select v5 v4 v2", "  v7 = add v3 4"],
      // Nothing that is selected comes back.
      [
        "  v4 = load32 v2",
        "  v5 = lt_u v4 v1",
        "  v8 = select v5 v3 v2",
        "  store32 v8 v4",
        "  v6 = add v2 4",
        "  v7 = add v3 4",
      ],
    ]) {
      turns(branchSelects, loop(...body), loop(...body));
    }
  });

  it("looks at innermost loops only", () => {
    const code = text(
      "function f(i32, i32): i32",
      "b0:",
      "  v0 = param 0",
      "  v1 = param 1",
      "  jump b1",
      "b1: from b0 b3",
      "  v2 = phi v0 v5",
      "  v3 = load32 v2",
      "  v4 = lt_u v3 v1",
      "  v5 = select v4 v1 v2",
      "  jump b2",
      "b2: from b1 b2",
      "  v6 = phi v1 v7",
      "  v7 = sub v6 1",
      "  branch v7 b2 b3",
      "b3: from b2",
      "  branch v5 b1 b4",
      "b4: from b3",
      "  return v2",
    );
    turns(branchSelects, code, code);
  });
});
