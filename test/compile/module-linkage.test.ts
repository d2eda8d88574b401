// The names of a module's functions and globals never clash: with each other, with its exports and
// imports, or with what the compiler and the start code define.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../src/compile/compile";
import type { CompileOptions } from "../../src/compile/options";
import { decodeModule } from "../../src/compile/wasm/decode";
import { validateModule } from "../../src/compile/wasm/validate";
import { cannotRun, runNative } from "./native/native";
import { body, leb, section, text, vector, wasm } from "./wasm/wasm-bytes";

const I32 = 0x7f;
const NOTHING = 0;
const RESULT = 1;

interface Shape {
  /** Of functions and globals, from the name section. */
  readonly names: readonly string[];
  readonly globals?: readonly string[];
  readonly exports: readonly (readonly [name: string, index: number])[];
  readonly imports?: readonly string[];
}

/** Function i returns 40 + i + what the imports return; imports come first. */
function named({ names, globals = [], exports, imports = [] }: Shape) {
  const code = (i: number) =>
    body(...imports.flatMap((_, f) => [0x10, f, 0x1a]), 0x41, 40 + i, 0x0b);
  const map = (list: readonly string[]) =>
    vector(...list.map((name, i) => [...leb(i), ...text(name)]));
  const own = names.slice(imports.length);
  const bytes = wasm(
    section(1, vector([0x60, 0, NOTHING], [0x60, 0, RESULT, I32])),
    section(2, vector(...imports.map((name) => [...text("env"), ...text(name), 0, 1]))),
    section(3, vector(...own.map(() => [1]))),
    section(6, vector(...globals.map(() => [I32, 1, 0x41, 9, 0x0b]))),
    section(7, vector(...exports.map(([name, index]) => [...text(name), 0, index]))),
    section(10, vector(...own.map((_, i) => code(i)))),
    section(0, [...text("name"), ...section(1, map(names)), ...section(7, map(globals))]),
  );
  const module = decodeModule(bytes, "named.wasm");
  validateModule(module);
  return module;
}

/** The symbols of what the module defines, and whether others see them. */
function definedSymbols(shape: Shape, options: Partial<CompileOptions> = {}): string[] {
  const object = compileModule(named(shape), { target: "user", name: "named", ...options });
  const defined = object.symbols.filter(({ section }) => section !== undefined);
  assert.equal(new Set(object.symbols.map(({ name }) => name)).size, object.symbols.length);
  return defined.map(({ name, binding }) => `${binding} ${name}`).sort();
}

describe("a name of the name section", () => {
  const clash: Shape = {
    names: ["main", "entry"],
    exports: [
      ["main", 1],
      ["mid", 0],
    ],
  };

  it("may be another function's export", { skip: cannotRun() }, () => {
    const outcomes = runNative(named(clash), [
      { name: "main", args: [] },
      { name: "mid", args: [] },
    ]);
    assert.deepEqual(outcomes, [41n, 40n]);
  });

  it("may be another function's export, for every target", () => {
    assert.deepEqual(definedSymbols(clash), [
      "global entry",
      "global main",
      "global main#2",
      "global mid",
    ]);
    const inC = ["global main", "global mid", "local entry", "local main#2"];
    assert.deepEqual(definedSymbols(clash, { target: "object" }), inC);
    const program = { visible: new Set(["main"]) };
    assert.deepEqual(definedSymbols(clash, program), [
      "global main",
      "local entry",
      "local main#2",
    ]);
  });

  it("stays the symbol of what is exported under it", () => {
    assert.deepEqual(definedSymbols({ names: ["f"], exports: [["f", 0]] }), ["global f"]);
  });

  it("may be any other's, a global's, an import's, or one that the compiler gives", () => {
    const names = [
      "far",
      "far",
      "x",
      "x",
      "x#3",
      "memory_grow",
      "__isthmus_copy",
      "f64:3ff0000000000000",
    ];
    const found = definedSymbols(
      {
        names,
        globals: ["x", "start"],
        imports: ["far"],
        exports: [["x#2", 2]],
      },
      { start: "start" },
    );
    assert.equal(found.length, names.length - 1 + 2 + 1);
    for (const taken of ["far", "memory_grow", "__isthmus_copy", "f64:3ff0000000000000", "start"]) {
      assert.ok(!found.includes(`global ${taken}`), taken);
    }
  });
});
