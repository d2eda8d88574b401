// What is forbidden without a runtime: refused with its line, and nothing else is.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorsOf } from "./asc-program";

function main(...lines: string[]): { "main.ts": string } {
  return { "main.ts": lines.join("\n") };
}

describe("the kernel target refuses", () => {
  it("methods that override in unmanaged classes, accessors too", () => {
    const sources = main(
      "@unmanaged class A { x: u32; f(): u32 { return 1; } get g(): u32 { return 5; } }",
      "@unmanaged class B extends A {",
      "  f(): u32 { return 2; }",
      "  get g(): u32 { return 6; }",
      "  own(): u32 { return 3; }",
      "}",
      "export function run(p: usize): u32 { return changetype<A>(p).f() + changetype<B>(p).g; }",
    );
    assert.deepEqual(errorsOf(sources), ["main.ts:3:3 BARE003", "main.ts:4:7 BARE003"]);
    assert.deepEqual(errorsOf(sources, { target: "user" }), errorsOf(sources));
  });

  it("fields of a reference type that are declared with !", () => {
    const sources = main(
      "@unmanaged class A {",
      "  count!: u32;",
      "  next!: A;",
      "  other: A | null;",
      "  last: A = changetype<A>(0);",
      "}",
      "export function run(p: usize): u32 { return changetype<A>(p).next.last.count; }",
    );
    assert.deepEqual(errorsOf(sources), ["main.ts:3:3 BARE004"]);
    assert.deepEqual(errorsOf(sources, { target: "user" }), []);
  });

  it("floating-point numbers, also those inside the library", () => {
    const sources = main(
      "export function run(p: i32): i32 {",
      "  let x: number = p;",
      "  x *= 1.5;",
      "  return <i32>x;",
      "}",
      "export function root(p: u32): u32 {",
      "  return <u32>Math.sqrt(p);",
      "}",
    );
    const lines = errorsOf(sources);
    assert.deepEqual(
      lines,
      ["2:19", "3:8", "4:10", "7:25"].map((at) => `main.ts:${at} BARE005`),
    );
  });

  it("everything that allocates: new, strings, arrays, static arrays that are copied", () => {
    const sources = main(
      "class Foo { a: u32 = 3; }",
      "@unmanaged class Bar { a: u32 = 3; }",
      "export function run(p: u32): u32 {",
      "  let foo = new Foo();",
      "  let bar = new Bar();",
      '  let text = "" + p.toString();',
      '  text += "!";',
      "  let list = [p, 1, 2];",
      "  list.push(p);",
      "  const copied: StaticArray<u32> = [1, 2, 3];",
      "  return foo.a + bar.a + text.length + list[0] + copied[p];",
      "}",
    );
    const lines = errorsOf(sources).map((each) => each.replace(/:\d+ /, " "));
    assert.deepEqual(
      lines,
      [4, 5, 6, 7, 8, 9, 10].map((line) => `main.ts:${line} BARE006`),
    );
  });

  it("growing the memory", () => {
    const sources = main("export function run(): i32 {", "  return memory.grow(1);", "}");
    assert.deepEqual(errorsOf(sources), ["main.ts:2:10 BARE007"]);
  });

  it("initialisers and statements that would run before the entry", () => {
    const sources = {
      ...main(
        'import { other } from "./other";',
        "let x: u32 = load<u32>(64);",
        "const constant: u32 = 3 * 4;",
        "store<u32>(64, 1);",
        "export function run(): u32 { return x + constant + other; }",
      ),
      "other.ts": "export let other: u32 = load<u32>(72);",
    };
    const lines = errorsOf(sources).sort();
    assert.deepEqual(lines, [
      "main.ts:2:24 BARE008",
      "main.ts:4:12 BARE008",
      "other.ts:1:35 BARE008",
    ]);
  });

  it("globals that begin as copies of constants: the assignment has no place", () => {
    const sources = main(
      "const FIRST: u32 = 7;",
      "let state: u32 = FIRST;",
      "export function run(): u32 { return state++; }",
    );
    assert.deepEqual(errorsOf(sources), ["main.ts:2:18 BARE008"]);
  });

  it("functions of a JavaScript host, in user programs too", () => {
    const sources = main("export function run(): void {", '  console.log("x");', "}");
    assert.deepEqual(errorsOf(sources), ["main.ts:2:3 BARE009"]);
    assert.deepEqual(errorsOf(sources, { target: "user" }), ["main.ts:2:3 BARE009"]);
  });

  it("throw, atomics and closures", () => {
    const sources = main(
      "export function run(p: u32): u32 {",
      '  if (p) throw new Error("no");',
      "  return 0;",
      "}",
    );
    assert.deepEqual(errorsOf(sources), ["main.ts:2:10 BARE002"]);
    const atomic = main("export function run(): u32 {", "  return atomic.load<u32>(64);", "}");
    assert.deepEqual(errorsOf(atomic), ["main.ts:2:10 AS103"]);
    const closure = main(
      "export function run(p: u32): u32 {",
      "  const f = (q: u32): u32 => q + p;",
      "  return f(1);",
      "}",
    );
    assert.deepEqual(errorsOf(closure), ["main.ts:2:34 AS100"]);
  });
});

describe("the kernel target accepts", () => {
  it("constant tables with and without bounds checks, and failing assertions", () => {
    const sources = main(
      "const table: StaticArray<u32> = [1, 2, 3];",
      "export function run(p: u32): u32 {",
      '  assert(p > 3, "too small");',
      "  return table[p] + unchecked(table[p]);",
      "}",
    );
    assert.deepEqual(errorsOf(sources), []);
  });

  it("conditions at the top level that the compiler decides", () => {
    const sources = main(
      "@unmanaged class A { x: u32; y: u32; }",
      'if (offsetof<A>("y") != 4) ERROR("the layout changed");',
      "export function run(): u32 { return offsetof<A>(); }",
    );
    assert.deepEqual(errorsOf(sources), []);
  });

  it("what no code reaches, whatever it does", () => {
    const sources = main(
      "function never(): f64 { return 1.5; }",
      "export function run(): u32 { return 1; }",
    );
    assert.deepEqual(errorsOf(sources), []);
  });
});

describe("cstr", () => {
  it("wants one string literal", () => {
    const sources = main(
      "export function run(p: string): usize {",
      '  return cstr(p) + cstr("a", "b") + cstr();',
      "}",
    );
    const lines = errorsOf(sources).filter((each) => each.endsWith("BARE001"));
    assert.deepEqual(
      lines,
      ["2:10", "2:20", "2:37"].map((at) => `main.ts:${at} BARE001`),
    );
  });
});
