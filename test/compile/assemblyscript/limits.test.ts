// A feature that AssemblyScript lacks is named, and the help says what to write instead.

import "../../short-lived";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Diagnostic, Diagnostics } from "../../../src/base/diagnostic";
import { compileAssemblyScript } from "../../../src/compile/assemblyscript/assemblyscript";

/** The errors of a program of this source. */
function errorsOf(source: string): readonly Diagnostic[] {
  try {
    compileAssemblyScript(
      {
        root: ".",
        entries: ["main.ts"],
        target: "user",
        runtime: "incremental",
        memoryBase: 0x10000,
      },
      (path) => (path === "main.ts" ? source : undefined),
    );
  } catch (error) {
    if (error instanceof Diagnostics) return error.list;
    if (error instanceof Diagnostic) return [error];
    throw error;
  }
  return [];
}

const main = (body: string) => `export function main(): i32 { ${body} }`;

describe("what AssemblyScript lacks", () => {
  const cases: readonly [source: string, code: string, text: RegExp, remedy: RegExp][] = [
    ["export async function main(): i32 { return 1; }", "TS1005", /no async/, /Leave `async` out/],
    [main("return await f();"), "TS1109", /no await/, /without it/],
    ["function* g(): i32 { yield 1; }", "TS1003", /no generators/, /array/],
    [main("const [a, b] = [1, 2]; return a;"), "TS1003", /no destructuring/, /one by one/],
    [main("let x: any = 3; return 1;"), "TS2304", /no type any$/, /generic/],
    [main("let x: unknown = 3; return 1;"), "TS2304", /no type unknown$/, /generic/],
    [
      main("let n = 1; const f = (x: i32): i32 => x + n; return f(2);"),
      "AS100",
      /no closures/,
      /parameters/,
    ],
    [main("for (const x of [1, 2]) f(x); return 1;"), "AS100", /no iterators/, /for \(let i/],
    [main("try { return 1; } catch (e) { return 2; }"), "AS100", /no exceptions/, /Return/],
    [main("let x: string | i32 = 3; return 1;"), "AS100", /no union types/, /null/],
    [main('return /a/.test("a") ? 1 : 0;'), "AS100", /no regular expressions/, /startsWith/],
    [main("const a = [1]; return [...a].length;"), "AS100", /no spread/, /slice/],
    [main("const o = { a: 1 }; return 1;"), "TS2322", /no objects without a class/, /class/],
  ];
  for (const [source, code, text, remedy] of cases) {
    it(`is named: ${source}`, () => {
      const errors = errorsOf(source);
      const found = errors.find((each) => text.test(each.message));
      assert.ok(found, errors.map(({ code, message }) => `${code} ${message}`).join("\n"));
      assert.equal(found.code, code);
      assert.match(found.remedy, remedy);
    });
  }
});

describe("a number where a string is wanted", () => {
  const remedyOf = (body: string) => errorsOf(main(`${body} return 1;`))[0]?.remedy;

  it("is to be made one, and the help says how", () => {
    assert.equal(remedyOf('let s = "hi " + 3;'), "Make a string of it: `(3).toString()`.");
    assert.equal(
      remedyOf('const n = 2; let s = "hi " + n;'),
      "Make a string of it: `n.toString()`.",
    );
    const before = remedyOf('const n: i32 = 2; let s = n + " hi";');
    assert.equal(before, "Make a string of the number: `n.toString()`.");
  });

  it("is not suspected where the types are others", () => {
    assert.match(remedyOf('const n: i32 = "text";') ?? "", /^Convert the value/);
    assert.match(remedyOf("const x: Nothing = 1;") ?? "", /^Declare it/);
  });
});
