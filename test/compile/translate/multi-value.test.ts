// Functions and blocks with several results: among our own functions, and to and from C.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import type { Stress } from "../../../src/compile/stress";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { cannotRun, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";
import { body, leb, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;

function decoded(bytes: Uint8Array): WasmModule {
  const module = decodeModule(bytes, "multi.wasm");
  validateModule(module);
  return module;
}

const type = (params: number[], results: number[]) => [
  0x60,
  ...leb(params.length),
  ...params,
  ...leb(results.length),
  ...results,
];
const get = (...locals: number[]) => locals.flatMap((local) => [0x20, local]);
const FIVE = [I64, I32, I32, I32, I64];

/**
 * rotate(a, b, c, d, e) = (b, c, d, e, a); ends(a, b, c, d, e) = (e, a) by way of rotate; swap is a
 * block with parameters; count(n, x) = (x + n + … + 1, 0) is a loop with two.
 */
const BYTES = wasm(
  section(
    1,
    vector(
      type([I64, I64, I32, I32, I32], FIVE),
      type([I64, I64, I32, I32, I32], [I32, I64]),
      type([I32, I64], [I64, I32]),
      type([I32, I32], [I32, I32]),
    ),
  ),
  section(3, vector([0], [1], [2], [3])),
  section(7, vector(...["rotate", "ends", "swap", "count"].map((f, i) => [...text(f), 0, i]))),
  section(
    10,
    vector(
      body(...get(1, 2, 3, 4, 0), 0x0b),
      body(...get(0, 1, 2, 3, 4), 0x10, 0, 0x21, 0, 0x21, 4, 0x1a, 0x1a, 0x1a, ...get(4, 0), 0x0b),
      body(...get(0, 1), 0x02, 2, 0x21, 1, 0x21, 0, ...get(1, 0), 0x0b, 0x0b),
      body(
        ...[...get(1, 0), 0x03, 3, 0x21, 0, ...get(0), 0x6a],
        ...[...get(0), 0x41, 1, 0x6b, 0x22, 0, ...get(0), 0x0d, 0, 0x0b, 0x0b],
      ),
    ),
  ),
);

const A = 0x1122334455667788n;
const CALLS = [
  { name: "rotate", args: [A, 2n, 3n, 4n, 5n] },
  { name: "ends", args: [A, 2n, 3n, 4n, 5n] },
  { name: "swap", args: [7n, A] },
  { name: "count", args: [10n, 100n] },
];
const RESULTS = [
  [2n, 3n, 4n, 5n, A],
  [5n, A],
  [A, 7n],
  [155n, 0n],
];

const STRESS: readonly Stress[] = [{}, { spillsAll: true }, { fewRegisters: true }];

describe("several results", { skip: cannotRun() }, () => {
  it("are those that Node gives", () => {
    assert.deepEqual(runInNode(BYTES, CALLS), RESULTS);
  });

  for (const stress of STRESS) {
    it(`arrive in order, ${JSON.stringify(stress)}`, () => {
      assert.deepEqual(runNative(decoded(BYTES), CALLS, { stress }), RESULTS);
    });
  }
});

/** c.triple(i64, i32) -> (i64, i32, f64); relay gives its results in the other order. */
const FOREIGN = wasm(
  section(1, vector(type([I64, I32], [I64, I32, F64]), type([I64, I32], [F64, I32, I64]))),
  section(2, vector([...text("c"), ...text("triple"), 0, 0])),
  section(3, vector([1])),
  section(7, vector([...text("relay"), 0, 1])),
  section(
    10,
    vector([
      ...[22, 1, 1, F64],
      ...[...get(0, 1), 0x10, 0, 0x21, 2, 0x21, 1, 0x21, 0],
      ...[...get(2, 1, 0), 0x0b],
    ]),
  ),
);

const C = `
#include <stdint.h>
#include <stdio.h>
struct triple { int64_t x; int32_t y; double z; };
struct relayed { double z; int32_t y; int64_t x; };
extern struct relayed relay(int64_t, int32_t);
struct triple triple(int64_t x, int32_t y) { return (struct triple){ 3 * x, 2 * y, y / 4.0 }; }
int main(void) {
  struct relayed r = relay(1LL << 40, 21);
  printf("%g %d %lld\\n", r.z, r.y, (long long)r.x);
  return 0;
}
`;

describe("several results of an object", () => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-multi-"));
  after(() => rmSync(folder, { recursive: true }));
  const source = join(folder, "main.c");
  const object = join(folder, "relay.o");

  for (const compiler of ["gcc", "clang"]) {
    for (const level of ["-O2", "-O0"]) {
      it(`are a structure for ${compiler} ${level}`, (t) => {
        writeFileSync(source, C);
        writeFileSync(
          object,
          writeElfObject(compileModule(decoded(FOREIGN), { target: "object", name: "relay" })),
        );
        const program = join(folder, `${compiler}${level}`);
        const args = ["-m32", "-no-pie", level, source, object, "-o", program];
        if (spawnSync(compiler, args, { stdio: "ignore" }).status !== 0) {
          if (process.env.CI !== "true") return t.skip(`${compiler} makes no i386 programs here`);
        }
        assert.equal(execFileSync(program, { encoding: "utf8" }), `5.25 42 ${3n << 40n}\n`);
      });
    }
  }
});
