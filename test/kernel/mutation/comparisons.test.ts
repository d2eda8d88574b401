import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { comparisonsOf, countRounds, makeReversible, reverse } from "./comparisons";

const texts = (source: string) => comparisonsOf(source).map(({ text }) => text);
/** The source with each of its comparisons reversed in turn. */
const reversals = (source: string) =>
  comparisonsOf(source).map((comparison) => reverse(source, comparison));

describe("comparisons", () => {
  it("are reversed each on its own", () => {
    assert.deepEqual(reversals("if (a === b && c < d) e();"), [
      "if (a !== b && c < d) e();",
      "if (a === b && c >= d) e();",
    ]);
  });

  it("are reversed to what is true where they are not", () => {
    const all = ["a === b", "a !== b", "a < b", "a <= b", "a > b", "a >= b"];
    const opposites = ["a !== b", "a === b", "a >= b", "a > b", "a <= b", "a < b"];
    assert.deepEqual(all.flatMap(reversals), opposites);
  });

  it("are found in loops, results, conditions and arguments, with their lines", () => {
    const source = "for (let i = 0; i < n; i++) {\n  f(a > b ? c : d);\n}\nreturn (x & 1) !== 0;";
    assert.deepEqual(
      comparisonsOf(source).map(({ line, text }) => [line, text]),
      [
        [1, "i < n"],
        [2, "a > b"],
        [4, "(x & 1) !== 0"],
      ],
    );
  });

  it("are reversed while the program runs, nested ones too", () => {
    const reversible = (source: string) => makeReversible(source, comparisonsOf(source), "is");
    assert.equal(
      reversible("if (a < b && !(c === d)) e();"),
      "if (((a < b) !== is(0)) && !(((c === d) !== is(1)))) e();",
    );
    const nested = reversible("return a === b < c;");
    assert.equal(nested, "return ((a === ((b < c) !== is(1))) !== is(0));");
    const value = (source: string, reversed: number) =>
      new Function("a", "b", "c", "is", source)(1, 2, 3, (n: number) => n === reversed);
    assert.deepEqual(
      [-1, 0, 1].map((n) => value(nested.replace("===", "=="), n)),
      [true, false, false],
    );
  });

  it("are told from those with null, which the compiler follows", () => {
    const found = comparisonsOf("if (a === null || b !== 0) c();");
    assert.deepEqual(
      found.map(({ isWithNull }) => isWithNull),
      [true, false],
    );
  });

  it("are told from the brackets of types", () => {
    assert.deepEqual(texts("return load<u32>(at) < <u32>(end - at);"), [
      "load<u32>(at) < <u32>(end - at)",
    ]);
  });

  it("are not those of comments, text and imports", () => {
    assert.deepEqual(texts('// a < b\nimport { a } from "b < c"; /* a === b */ f("a > b");'), []);
  });

  it("are not those that the compiler decides", () => {
    assert.deepEqual(texts('if (offsetof<T>() !== SIZE) ERROR("size");\nif (a !== b) f();'), [
      "a !== b",
    ]);
  });
});

describe("rounds", () => {
  it("are counted in each loop, nested ones included", () => {
    assert.equal(
      countRounds("for (;;) while (a) b();\ndo { c(); } while (d);", "step"),
      "for (;;) { step(); while (a) { step(); b(); } }\ndo { step(); { c(); } } while (d);",
    );
  });
});
