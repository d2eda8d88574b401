// Exceptions in their legacy form, against Node; and that a call costs nothing more inside `try`.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { MODES } from "../modes";
import { disassemble } from "../native/disassemble";
import { type Call, cannotRun, NativeProcess, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";
import {
  CALL,
  CALL_INDIRECT,
  CATCH,
  CATCH_ALL,
  DELEGATE,
  DROP,
  ELSE,
  END,
  I32_ADD,
  I32_MUL,
  I32_SUB,
  IF,
  i32,
  i64,
  LOCAL_GET,
  LOCAL_SET,
  RETHROW,
  THROW,
  TRY,
  VOID,
} from "../random/code";
import { body, leb, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;

const type = (params: number[], results: number[]) => [
  0x60,
  ...vector(...params.map((each) => [each])),
  ...vector(...results.map((each) => [each])),
];
const get = (local: number) => [LOCAL_GET, local];
const set = (local: number) => [LOCAL_SET, local];
const call = (index: number) => [CALL, index];
const isEqual = (value: number) => [...get(0), ...i32(value), 0x46, IF, VOID];
const F64_2_5 = [0x44, 0, 0, 0, 0, 0, 0, 4, 0x40];
const F32_1_5 = [0x43, 0, 0, 0xc0, 0x3f];

/** Tags: e carries an i32, f an i64, an f64 and an f32, g nothing. */
const [E, F, G] = [0, 1, 2];
const TAGS = vector([0, 1], [0, 2], [0, 3]);
const TYPES = vector(
  type([I32, I32], [I32]),
  type([I32], []),
  type([I64, F64, F32], []),
  type([], []),
  type([I32], [I32]),
);
const [MAYBE, DEEP] = [0, 1];

/** Throws e for 1, f for 2, g for 3; else gives 7. */
const maybe = body(
  ...[...isEqual(1), ...i32(42), THROW, E, END],
  ...[...isEqual(2), ...i64(0x12_3456_789an), ...F64_2_5, ...F32_1_5, THROW, F, END],
  ...[...isEqual(3), THROW, G, END, ...i32(7), END],
);
/** deep(x, n): the same from within n calls, plus n. */
const deep = body(
  ...[...get(1), IF, I32],
  ...[...get(0), ...get(1), ...i32(1), I32_SUB, ...call(DEEP), ...i32(1), I32_ADD],
  ...[ELSE, ...get(0), ...call(MAYBE), END, END],
);
const withLocals = (...code: number[]) => [...leb(code.length + 3), 1, 1, I32, ...code];

/** What each tag carries is added to a local that the try block has changed by then. */
const caught = withLocals(
  ...[...i32(100), ...set(2), TRY, I32],
  ...[...get(2), ...get(1), I32_ADD, ...set(2)],
  ...[...get(0), ...get(1), ...call(DEEP), ...get(2), I32_ADD],
  ...[CATCH, E, ...get(2), I32_ADD],
  ...[CATCH, F, DROP, 0xaa, 0xac, 0x7c, 0xa7],
  ...[CATCH_ALL, ...get(2), ...i32(5000), I32_ADD, END, END],
);

/** Thrown again after another one was thrown and caught; what is neither e nor g goes on. */
const rethrown = withLocals(
  ...[TRY, I32, TRY, I32],
  ...[...i32(1), ...set(2), ...get(0), ...get(1), ...call(DEEP)],
  ...[CATCH_ALL, ...i32(2), ...set(2)],
  ...[TRY, VOID, ...i32(1), ...get(1), ...call(DEEP), DROP],
  ...[CATCH_ALL, ...get(2), ...i32(10), I32_ADD, ...set(2), END],
  ...[RETHROW, 0, END],
  ...[CATCH, E, ...get(2), ...i32(1000), I32_MUL, I32_ADD],
  ...[CATCH, G, ...get(2), ...i32(100_000), I32_MUL, END, END],
);

/** Past the block in the middle, whose catch must not see it. */
const delegated = body(
  ...[TRY, I32, TRY, I32, TRY, I32],
  ...[...get(0), ...get(1), ...call(DEEP), DELEGATE, 1],
  ...[CATCH_ALL, ...i32(9), END, CATCH_ALL, ...i32(77), END, END],
);

/** Thrown and caught in one function, and in a loop: n times. */
const LOOP = 0x03;
const looped = withLocals(
  ...[LOOP, VOID, TRY, VOID, ...get(0), THROW, E],
  ...[CATCH, E, ...get(1), I32_ADD, ...set(1), END],
  ...[...get(0), ...i32(1), I32_SUB, 0x22, 0, 0x0d, 0, END, ...get(1), END],
);

/** By way of a table, and to the caller of a function that catches only something else. */
const indirect = body(
  ...[TRY, I32, TRY, I32, ...get(0), ...get(1), ...i32(0), CALL_INDIRECT, 0, 0],
  ...[CATCH, G, ...i32(-1), END, CATCH, E, END, END],
);

const NAMES = ["maybe", "deep", "caught", "rethrown", "delegated", "looped", "indirect"];
const BYTES = wasm(
  section(1, TYPES),
  section(3, vector([4], [0], [0], [0], [0], [4], [0])),
  section(4, vector([0x70, 0, 1])),
  section(13, TAGS),
  section(7, vector(...NAMES.map((name, i) => [...text(name), 0, i]))),
  section(9, vector([0, ...i32(0), END, ...vector([DEEP])])),
  section(10, vector(maybe, deep, caught, rethrown, delegated, looped, indirect)),
);

const CALLS: Call[] = ["caught", "rethrown", "delegated", "indirect"].flatMap((name) =>
  [0n, 1n, 2n, 3n].map((kind) => ({ name, args: [kind, 3n] })),
);
CALLS.push({ name: "looped", args: [1000n] }, { name: "maybe", args: [3n] });

function decoded(bytes: Uint8Array): WasmModule {
  const module = decodeModule(bytes, "exceptions.wasm");
  validateModule(module);
  return module;
}

describe("exceptions", { skip: cannotRun() }, () => {
  const expected = runInNode(BYTES, CALLS);

  it("are those that Node throws", () => {
    assert.deepEqual(expected.slice(0, 4), [113n, 145n, 0x3456_789cn, 5103n]);
    assert.equal(expected.at(-1), "uncaught exception");
  });

  for (const [mode, options] of Object.entries(MODES)) {
    it(`are caught where Node catches them, ${mode}`, () => {
      assert.deepEqual(runNative(decoded(BYTES), CALLS, options), expected);
    });
  }

  it("cost nothing where nothing is thrown", () => {
    const object = (...code: number[]) => {
      const bytes = wasm(
        section(1, vector(type([I32], [I32]), type([], []))),
        section(2, vector([...text("m"), ...text("f"), 0, 0])),
        section(3, vector([0])),
        section(7, vector([...text("run"), 0, 1])),
        section(10, vector(body(...code))),
      );
      return compileModule(decoded(bytes), { target: "user", name: "cost" });
    };
    const sum = [...get(0), ...call(0), ...get(0), I32_ADD];
    const plain = disassemble(object(...sum, END), "run");
    const tried = disassemble(object(TRY, I32, ...sum, CATCH_ALL, ...i32(1), END, END), "run");
    assert.deepEqual(tried.slice(0, plain.length), plain);
  });

  it("find their place in a program of several modules, and end at another module's frame", () => {
    const process = new NativeProcess();
    const instance = process.add(decoded(BYTES));
    const importing = wasm(
      section(1, vector(type([I32, I32], [I32]))),
      section(2, vector([...text("m"), ...text("deep"), 0, 0])),
      section(3, vector([0])),
      section(7, vector([...text("run"), 0, 1])),
      section(
        10,
        vector(body(TRY, I32, ...get(0), ...get(1), ...call(0), CATCH_ALL, ...i32(1), END, END)),
      ),
    );
    const other = process.add(decoded(importing), () => instance);
    process.call(other, { name: "run", args: [0n, 1n] });
    process.call(other, { name: "run", args: [1n, 1n] });
    process.call(instance, { name: "caught", args: [1n, 3n] });
    assert.deepEqual(process.run(), [8n, "uncaught exception", 145n]);
  });
});
