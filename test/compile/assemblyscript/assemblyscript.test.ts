// The front end: what asc makes of our sources, and how its errors are reported.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Op, opcodeName } from "../../../src/compile/wasm/opcodes";
import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { compileSources, errorsOf } from "./asc-program";

/** How often each imported function is called, by its name. */
function importCalls(module: WasmModule): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { body } of module.functions) {
    for (const [i, op] of body?.code.op.entries() ?? []) {
      const callee = op === Op.call ? module.functions[body?.code.a[i] ?? 0] : undefined;
      if (callee?.imported) calls[callee.imported.name] = (calls[callee.imported.name] ?? 0) + 1;
    }
  }
  return calls;
}

function dataText(module: WasmModule): string {
  return module.data.map(({ bytes }) => new TextDecoder().decode(bytes)).join("|");
}

/** The export `run` of a module without imports. */
function exportedRun(wasm: Uint8Array): (n?: number) => number {
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
  return run as (n?: number) => number;
}

describe("compiling AssemblyScript", () => {
  it("keeps each access through an import: none merged, moved out of a loop or dropped", () => {
    const { module } = compileSources({
      "main.ts": `
        import * as x86 from "./src/abi/x86";
        export function run(p: usize, n: u32): u32 {
          x86.load32(p);
          let sum = x86.load32(p) + x86.load32(p);
          x86.store8(p, 1);
          x86.store8(p, 1);
          for (let i: u32 = 0; i < n; i++) sum += x86.load16(p);
          return sum;
        }`,
    });
    assert.deepEqual(importCalls(module), { load32: 3, store8: 2, load16: 1 });
  });

  it("inlines a small function into all its callers, and a large one into none", () => {
    const large = Array.from({ length: 20 }, (_, i) => `store<u32>(x + ${i}, x * ${i + 3});`);
    const { module } = compileSources({
      "main.ts": `
        function next(x: u32): u32 { x ^= x << 13; x ^= x >> 17; return x ^ (x << 5); }
        function fill(x: u32): u32 { ${large.join(" ")} return x; }
        export function one(x: u32): u32 { return next(x) + fill(x); }
        export function two(x: u32): u32 { return next(x + 1) ^ fill(x ^ 5); }
        export function three(x: u32): u32 { return next(x * 3); }`,
    });
    const names = module.functions.filter(({ body }) => body).map(({ name }) => name);
    assert.deepEqual(names.sort(), ["main/fill", "main/one", "main/three", "main/two"]);
  });

  it("knows a function's index as a number, without an object in memory", () => {
    const { module, wasm } = compileSources({
      "main.ts": `
        function one(): u32 { return 1; }
        function two(): u32 { return 2; }
        export function run(n: u32): u32 {
          return call_indirect<u32>(n > 3 ? one.index : two.index);
        }`,
    });
    assert.deepEqual(module.data, []);
    const run = exportedRun(wasm);
    assert.deepEqual([run(3), run(4)], [2, 1]);
  });

  it("gives a function that is a value, too, one index", () => {
    for (const uses of [
      ["one.index", "take(one)"],
      ["take(one)", "one.index"],
    ]) {
      const { wasm } = compileSources({
        "main.ts": `
          function one(): u32 { return 1; }
          function two(): u32 { return 2; }
          function take(f: () => u32): u32 { return f.index + (f() << 8); }
          export function run(): bool {
            const second = two.index;
            const a = ${uses[0]};
            const b = ${uses[1]};
            return (a & 255) === (b & 255) && (a | b) >> 8 === 1 && second !== (a & 255);
          }`,
      });
      assert.equal(exportedRun(wasm)(), 1, uses.join());
    }
  });

  it("names an import's module after the last part of its file's path", () => {
    const { module } = compileSources({
      "main.ts": `
        import { kernel_end } from "./deep/symbols";
        export function run(): usize { return kernel_end(); }`,
      "deep/symbols.ts": "export declare function kernel_end(): usize;",
    });
    const imported = module.functions.map((each) => each.imported).filter(Boolean);
    assert.deepEqual(imported, [{ module: "symbols", name: "kernel_end" }]);
  });

  it("puts static data at the memory base, below and above 2 GiB", () => {
    for (const memoryBase of [0x1000, 0x101000, 0xc010_0000]) {
      const { module, dataEnd } = compileSources(
        { "main.ts": 'export function run(): usize { return cstr("at the base"); }' },
        { memoryBase },
      );
      assert.equal((module.data[0]?.offset?.a ?? 0) >>> 0, memoryBase);
      assert.equal(dataText(module), "at the base");
      assert.equal(dataEnd, memoryBase + 12);
    }
  });

  it("says where static data ends though zeroes at its end are in no segment", () => {
    const { module, dataEnd } = compileSources(
      { "main.ts": "export function run(): usize { return memory.data(10_000, 4096); }" },
      { memoryBase: 0x101800 },
    );
    assert.deepEqual(module.data, []);
    assert.equal(dataEnd, 0x102000 + 10_000);
  });

  it("does not take low addresses as unused: an offset is never folded past a wrap", () => {
    const { module } = compileSources({
      "main.ts": "export function run(p: usize): u32 { return load<u32>(p + 100); }",
    });
    const code = module.functions[0]?.body?.code;
    assert.deepEqual([...(code?.op ?? [])].map(opcodeName), [
      "local.get",
      "i32.const",
      "i32.add",
      "i32.load",
      "end",
    ]);
  });

  it("turns cstr into UTF-8 with a NUL, whatever else is called memory", () => {
    const { module } = compileSources({
      "main.ts": `
        function memory(): u32 { return 1; }
        export function run(): usize { return cstr("naïve ☃ 𝄞\\n") + memory(); }`,
    });
    assert.equal(dataText(module), "naïve ☃ 𝄞\n");
  });

  describe("inlines into each of many callers", () => {
    /** The functions that are left of one that stores to many places and of its four callers. */
    function functionsWith(directive: string): string[] {
      const stores = Array.from({ length: 9 }, (_, i) => `store<u32>(p, x * ${i + 3}, ${4 * i});`);
      const calls = [1, 2, 3, 4].map(
        (n) => `export function run${n}(p: usize): void { f(p, ${n}); }`,
      );
      const body = `${directive} ${stores.join(" ")}`;
      const declared = `function f(p: usize, x: u32): void { ${body} }`;
      const { module } = compileSources({ "main.ts": [declared, ...calls].join("\n") });
      assert.equal(dataText(module), "");
      return module.functions.map(({ name }) => name).sort();
    }
    const callers = ["main/run1", "main/run2", "main/run3", "main/run4"];

    it("a function that says so", () => assert.deepEqual(functionsWith('"inline";'), callers));
    it("and no other of its size", () => {
      assert.deepEqual(functionsWith(""), ["main/f", ...callers]);
    });
  });

  it("maps code to file, line and column, across files and inlined calls", () => {
    const { module, sourceMap } = compileSources({
      "main.ts": [
        'import { twice } from "./lib/twice";',
        "export function run(p: usize): u32 {",
        "  store<u32>(p, 7);",
        "  return twice(load<u32>(p));",
        "}",
      ].join("\n"),
      "lib/twice.ts": "export function twice(x: u32): u32 { return x * x; }",
    });
    const code = module.functions.find(({ name }) => name === "main/run")?.body?.code;
    const places: string[] = [];
    for (const [i, op] of code?.op.entries() ?? []) {
      const place = sourceMap.lookup(code?.at[i] ?? 0);
      if (/store|load|mul/.test(opcodeName(op))) {
        places.push(`${opcodeName(op)} ${place?.file}:${place?.line}:${place?.column}`);
      }
    }
    assert.deepEqual(places, [
      "i32.store main.ts:3:3",
      "i32.load main.ts:4:16",
      "i32.mul lib/twice.ts:1:45",
    ]);
  });

  it("calls the program's own abort with message and place, and traps without one", () => {
    const sources = {
      "main.ts": 'export function run(p: u32): void { assert(p > 1, "too small"); }',
      "on/abort.ts": `
        import * as x86 from "../src/abi/x86";
        export function abort(text: string, file: string, line: u32, column: u32): void {
          x86.outb(line, text.length + file.length + column);
        }`,
    };
    const with_ = compileSources(sources, { abort: "on/abort/abort" });
    assert.deepEqual(importCalls(with_.module), { outb: 1 });
    assert.deepEqual(with_.sources, ["main.ts", "on/abort.ts", "src/abi/x86.ts"]);
    assert.deepEqual(importCalls(compileSources(sources).module), {});
    const without = compileSources(sources, { abort: "on/abort/abort", assertions: false });
    assert.deepEqual(importCalls(without.module), {});
  });

  it("exports the initialisers of a user program under the name asked for", () => {
    const { module } = compileSources(
      {
        "main.ts": `
          let x = load<u32>(64);
          export function main(): u32 { return x; }`,
      },
      { target: "user", start: "_initialize" },
    );
    assert.equal(module.start, undefined);
    assert.deepEqual(module.exports.map(({ name }) => name).sort(), [
      "_initialize",
      "main",
      "memory",
    ]);
  });

  it("lists the sources that it read, folders by their index", () => {
    const { sources } = compileSources({
      "main.ts": `
        import { f } from "./folder";
        export function run(): u32 { return f(); }`,
      "folder/index.ts": "export function f(): u32 { return 1; }",
      "unused.ts": "export function g(): u32 { return 1; }",
    });
    assert.deepEqual(sources, ["folder/index.ts", "main.ts"]);
  });

  it("gives the same bytes for the same sources, whatever was compiled before", () => {
    const sources = {
      "main.ts": 'export function run(p: u32): usize { return p ? cstr("a") : cstr("b"); }',
    };
    const first = compileSources(sources).wasm;
    errorsOf({ "main.ts": "export function run(): u32 { return x; }" });
    assert.deepEqual(compileSources(sources).wasm, first);
  });

  it("compiles managed programs with a collector for the user target", () => {
    const { module } = compileSources(
      {
        "main.ts": `
          export function main(n: i32): i32 {
            const parts = new Array<string>();
            for (let i = 0; i < n; i++) parts.push(i.toString());
            return parts.join(",").length;
          }`,
      },
      { target: "user", runtime: "incremental" },
    );
    assert.ok(module.functions.some(({ name }) => name.startsWith("~lib/rt/itcms/")));
  });
});

describe("errors of AssemblyScript sources", () => {
  it("are all shown, with file, line, column and code", () => {
    const sources = {
      "main.ts": [
        'import { a } from "./nothing";',
        "export function run(p: u32): u32 {",
        "  return p + ;",
        "}",
        "export function other(): u32 {",
        "  let = 5;",
        "}",
      ].join("\n"),
    };
    const errors = errorsOf(sources);
    assert.ok(errors.includes("main.ts:1:19 TS6054"), errors.join("\n"));
    assert.ok(errors.includes("main.ts:3:14 TS1109"), errors.join("\n"));
    assert.ok(
      errors.some((each) => each.startsWith("main.ts:6:")),
      errors.join("\n"),
    );
  });

  it("name unknown names and wrong types where they are used", () => {
    const sources = {
      "main.ts": [
        "export function run(p: u32): u32 {",
        "  let text: string = p;",
        "  return missing + text.length;",
        "}",
      ].join("\n"),
    };
    assert.deepEqual(errorsOf(sources), ["main.ts:2:22 TS2322", "main.ts:3:10 TS2304"]);
  });

  it("name an entry that does not exist", () => {
    assert.deepEqual(errorsOf({}), ["nowhere TS6054"]);
  });
});
