// The dumps of every pass can be read back: the text of what was read is the text.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Diagnostic } from "../../src/base/diagnostic";
import { parseMachine } from "../../src/compile/code/parse";
import { printMachine } from "../../src/compile/code/print";
import { compileModule } from "../../src/compile/compile";
import { parseFunctions } from "../../src/compile/ir/parse";
import { printFunction } from "../../src/compile/ir/print";
import { verify } from "../../src/compile/passes/verify";
import {
  CODE_PASSES,
  IR_PASSES,
  type Level,
  levelOf,
  type Optimisation,
  PASSES,
  type Pass,
} from "../../src/compile/pipeline";
import { I686 } from "../../src/compile/targets/i686";
import { decodeModule } from "../../src/compile/wasm/decode";
import type { WasmModule } from "../../src/compile/wasm/wasm";
import { compileSources } from "./assemblyscript/asc-program";
import { randomModule } from "./random/module";

const PROGRAM = `
declare function work(a: i32, b: i64, c: i32, d: i32): i64;
@external("odd names", "a \\"b\\" +c") declare function odd(): void;
let counter: i64 = 0;
export function main(n: i32): i64 {
  switch (n) {
    case 0: return work(1, 2, 3, 4);
    case 1: odd(); return 5;
    case 2: return counter / 7;
    case 3: return n;
    case 4: return 9;
    case 5: memory.fill(64, 1, n);
  }
  let sum: i64 = 0;
  for (let i = 0; i < n; i++) sum += load<u16>(i * 2 + 100) + load<i8>(i, 7);
  store<u8>(4, n);
  store<i64>(n, sum, 8);
  counter++;
  return sum % (n + 1);
}`;

/** The dump of a module after each pass. */
function dumps(module: WasmModule): Map<Pass, string> {
  const texts = new Map<Pass, string>();
  compileModule(module, {
    target: "user",
    name: "test.wasm",
    dump: (pass, _, text) => texts.set(pass, `${texts.get(pass) ?? ""}${text()}\n`),
  });
  return texts;
}

function modules(): WasmModule[] {
  const random = [1, 2, 3, 4, 5, 6].map((seed) =>
    decodeModule(randomModule(seed).bytes, `seed${seed}.wasm`),
  );
  return [compileSources({ "main.ts": PROGRAM }, { optimize: 1 }).module, ...random];
}

describe("the level", () => {
  const names = (level: Level, without: readonly Optimisation[] = []) => {
    const run = new Set<Pass>();
    compileModule(modules()[0]!, {
      target: "user",
      name: "test.wasm",
      level,
      without,
      dump: (pass) => run.add(pass),
    });
    return [...run];
  };

  it("decides which passes run", () => {
    const needed = ["build", "lower", "split-edges", "select", "allocate", "join-blocks"];
    assert.deepEqual(names(0), needed);
    assert.deepEqual(
      names(1),
      PASSES.filter((pass) => levelOf(pass) <= 1),
    );
    assert.deepEqual(names(2), PASSES);
  });

  it("leaves out what is named", () => {
    const left = PASSES.filter((pass) => pass !== "sink" && pass !== "peephole");
    assert.deepEqual(names(2, ["sink", "peephole", "coalesce"]), left);
  });
});

describe("a dump", () => {
  const all = modules().map(dumps);

  it("is there for each pass", () => {
    for (const texts of all) assert.deepEqual([...texts.keys()], PASSES);
  });

  for (const pass of IR_PASSES) {
    it(`after ${pass} is read back to the same values`, () => {
      for (const texts of all) {
        const text = texts.get(pass) ?? "";
        const functions = parseFunctions(text);
        for (const fn of functions) verify(fn, `parsing ${pass}`);
        assert.equal(functions.map((fn) => `${printFunction(fn)}\n`).join(""), text);
      }
    });
  }

  for (const pass of CODE_PASSES) {
    it(`after ${pass} is read back to the same instructions`, () => {
      for (const texts of all) {
        const text = texts.get(pass) ?? "";
        const functions = parseMachine(text, I686);
        assert.equal(functions.map((fn) => `${printMachine(fn)}\n`).join(""), text);
      }
    });
  }

  it("that is damaged is refused with the line", () => {
    const text = "function f(i32): i32\nb0:\n  v0 = param 0\n  v1 = add v0 1\n  return v1\n";
    assert.equal(parseFunctions(text).map(printFunction).join(""), text);
    for (const [line, from, to] of [
      [1, "function", "funktion"],
      [1, "i32):", "i33):"],
      [2, "b0:", "x0:"],
      [3, "v0 =", "0 ="],
      [3, "param 0", "param x"],
      [4, "add", "plus"],
      [4, "v1 = ", ""],
      [4, "v0 1", "v7 1"],
      [5, "return v1", "return v1 ?"],
    ] as const) {
      assert.throws(
        () => parseFunctions(text.replace(from, to), "a.dump"),
        (error) => error instanceof Diagnostic && error.place?.line === line,
        `${from} -> ${to}`,
      );
    }
  });
});
