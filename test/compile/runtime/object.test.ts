// Objects of the target `object`, linked with those of GCC and Clang into one program: calls both
// ways, as docs/object-abi.md says.

import "../../short-lived";
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { Diagnostic } from "../../../src/base/diagnostic";
import { readCompileInput } from "../../../src/cli/compile-input";
import { compileModule } from "../../../src/compile/compile";
import type { Level } from "../../../src/compile/pipeline";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { HANG_MS } from "../../hang-guard";

const TYPESCRIPT = `
declare function twice(x: i32): i32;
declare function many(a: i32, b: i64, c: i32, d: i32, e: i64): i64;
declare function misalignment(): i32;
declare function blend(a: f32, b: f64, c: i32, d: f64, e: f32, f: i64): f64;
declare function third(x: f32): f32;
declare function invoke(callback: usize, x: i32): i32;
declare function qsort(base: usize, count: u32, size: u32, compare: usize): void;
@external("env", "puts") declare function putLine(text: usize): i32;

@unmanaged class Point { x: i32; y: i64; z: u8; next: Point | null; }

const buffer: usize = memory.data(64);
const primes: usize = memory.data<i32>([2, 3, 5, 7, 11, 13]);
let calls: i32 = 7;
let started: i32 = twice(20);
export let shared: i32 = 42;
export let wide: i64 = -5;

export function prime(i: i32): i32 { return load<i32>(primes + (<usize>i << 2)); }
export function bump(): i32 { return ++calls; }
export function initial(): i32 { return started; }
export function fill(byte: u8): usize { memory.fill(buffer, byte, 64); return buffer; }
export function distance(p: usize): i32 { return <i32>(p - buffer); }
export function sum(point: Point | null): i64 {
  let total: i64 = 0;
  let at: Point | null = point;
  while (at) {
    total += <i64>at.x + at.y + <i64>at.z;
    at.z++;
    at = at.next;
  }
  return total;
}
export function callC(a: i32, b: i64, c: i32, d: i32, e: i64): i64 {
  return many(a, b, c, twice(d), e);
}
export function worstMisalignment(a: i32): i32 {
  let worst = misalignment();
  for (let i = 0; i < a; i++) worst |= misalignment() | nested(i, 2, 3, 4, 5);
  return worst;
}
function nested(a: i32, b: i32, c: i32, d: i32, e: i32): i32 {
  return a > 0 ? nested(a - 1, b, c, d, e) | misalignment() : misalignment();
}
export function mix(a: i64, b: i32, c: i64, d: i32): i64 { return a * b + c / d; }
export function dot(a: f64, b: f32, c: f64, d: f64, e: f32): f64 { return a * b + c * d - e; }
export function shrink(x: f64): f32 { return <f32>x; }
export function callBlend(a: f32, b: f64): f64 {
  return blend(a, b, 3, b / a, third(a), 1 << 40) + <f64>third(9) + Math.floor(b);
}
export function say(): i32 { return putLine(cstr("naïve text")); }
export function managed(): usize { return changetype<usize>("static"); }
export function callBack(f: usize, x: i32): i32 { return invoke(f, x) + 1; }

function increment(x: i32): i32 { return x + 1; }
function negate(x: i32): i32 { return -x; }
const functions: StaticArray<(x: i32) => i32> = [increment, negate];
export function indexOfFunction(i: i32): u32 { return functions[i].index; }
export function callFunction(index: u32, x: i32): i32 { return call_indirect<i32>(index, x); }

export function fail(x: i32): void { assert(x == 0, "not zero"); }
export function trap(x: i32): i32 { return 5 / x; }
`;

const C = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TypeScript aligns i64 to 8, C on i386 to 4 within structures. */
struct point { int32_t x; _Alignas(8) int64_t y; uint8_t z; struct point *next; };

extern int32_t shared, prime(int32_t), bump(void), initial(void), distance(void *), say(void);
extern int64_t wide, sum(struct point *), callC(int32_t, int64_t, int32_t, int32_t, int64_t);
extern int64_t mix(int64_t, int32_t, int64_t, int32_t);
extern char *fill(uint8_t);
extern int32_t worstMisalignment(int32_t), callBack(int32_t (*)(int32_t), int32_t);
extern uint32_t indexOfFunction(int32_t);
extern int32_t callFunction(uint32_t, int32_t);
extern const uint16_t *managed(void);
extern double dot(double, float, double, double, float), callBlend(float, double);
extern float shrink(double);
extern void fail(int32_t);
extern int32_t trap(int32_t);

int32_t twice(int32_t x) { return 2 * x; }
int32_t invoke(int32_t (*f)(int32_t), int32_t x) { return f(x); }
int64_t many(int32_t a, int64_t b, int32_t c, int32_t d, int64_t e) {
  return a + 10 * b + 100 * c + 1000 * d + 10000 * e;
}
/* What GCC takes for granted: the stack before a call is a multiple of 16. */
__attribute__((noinline)) int32_t misalignment(void) {
  return ((uintptr_t)__builtin_frame_address(0) + 8) & 15;
}
double blend(float a, double b, int32_t c, double d, float e, int64_t f) {
  return a + 10 * b + 100 * c + 1000 * d + 10000 * e + f;
}
float third(float x) { return x / 3; }
static int32_t square(int32_t x) { return x * x; }

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "abort") == 0) fail(1);
  if (argc > 1) return trap(0);
  struct point second = { -7, 1LL << 40, 3, 0 }, first = { 5, 6, 255, &second };
  printf("initial %d\\n", initial());
  printf("primes %d %d\\n", prime(0), prime(5));
  bump();
  printf("bump %d\\n", bump());
  printf("shared %d %lld\\n", ++shared, (long long)wide);
  char *bytes = fill('x');
  printf("fill %.3s %d %d\\n", bytes, bytes[63] == 'x', distance(bytes + 9));
  printf("sum %lld", (long long)sum(&first));
  printf(" then %d %d\\n", first.z, second.z);
  printf("callC %lld\\n", (long long)callC(1, -2, 3, 4, 5LL << 33));
  printf("mix %lld\\n", (long long)mix(-3000000000LL, 7, 1LL << 50, -3));
  printf("worst %d\\n", worstMisalignment(5));
  printf("callBack %d\\n", callBack(square, 9));
  printf("table %d ", callFunction(indexOfFunction(0), 41));
  printf("%d\\n", callFunction(indexOfFunction(1), 41));
  printf("managed %c%c\\n", managed()[0], managed()[5]);
  printf("floats %.5f %.9g", dot(0.1, 2.5f, -3.75, 1e-3, 7.5f), shrink(3.14159265358979));
  printf(" %.17g\\n", callBlend(1.5f, -2.25));
  fflush(stdout);
  return say() < 0;
}
`;

/** As C prints an f32 with nine digits. */
const FLOAT_PI = Math.fround(Math.PI).toPrecision(9);
const BLENDED = 1.5 + 10 * -2.25 + 300 + (1000 * -2.25) / 1.5 + 10000 * 0.5 + 2 ** 40 + 3 - 3;

const EXPECTED = `initial 40
primes 2 13
bump 9
shared 43 -5
fill xxx 1 9
sum 1099511628038 then 0 4
callC ${1 - 20 + 300 + 8000 + 10000 * 5 * 2 ** 33}
mix ${-21000000000n + (1n << 50n) / -3n}
worst 0
callBack 82
table 42 -41
managed sc
floats ${0.1 * 2.5 + -3.75 * 1e-3 - 7.5} ${FLOAT_PI} ${BLENDED}
naïve text
`;

/** Milliseconds after which a program hangs. */

const folder = mkdtempSync(join(tmpdir(), "isthmus-object-"));
const inFolder = (name: string) => join(folder, name);

async function compile(
  name: string,
  source: string,
  level: Level,
  target: "object" | "kernel" = "object",
): Promise<string> {
  const path = inFolder(`${name}.ts`);
  writeFileSync(path, source);
  const input = await readCompileInput(relative(".", path), target, level, undefined);
  const object = compileModule(input.module, { ...input.options, name, level });
  writeFileSync(inFolder(`${name}.o`), writeElfObject(object));
  return inFolder(`${name}.o`);
}

/** The value of `skip`: a reason where this compiler makes no i386 programs, but never in CI. */
function missing(compiler: string): string | false {
  if (process.env.CI === "true") return false;
  writeFileSync(inFolder("probe.c"), "#include <stdio.h>\nint main(void) { return 0; }\n");
  const args = ["-m32", inFolder("probe.c"), "-o", inFolder("probe")];
  const { status } = spawnSync(compiler, args, { stdio: "ignore" });
  return status === 0 ? false : `${compiler} makes no i386 programs here`;
}

function build(compiler: string, options: readonly string[], objects: readonly string[]): string {
  writeFileSync(inFolder("main.c"), C);
  const out = inFolder(`program-${compiler}${options.join("")}`);
  execFileSync(
    compiler,
    ["-m32", "-no-pie", "-Werror", ...options, inFolder("main.c"), ...objects, "-o", out],
    { stdio: ["ignore", "inherit", "pipe"] },
  );
  return out;
}

after(() => rmSync(folder, { recursive: true }));

for (const level of [2, 0] as const) {
  describe(`an object at -O${level}`, () => {
    let object = "";
    before(async () => {
      object = await compile(`library${level}`, TYPESCRIPT, level);
    });

    for (const compiler of ["gcc", "clang"]) {
      const skip = missing(compiler);
      for (const options of [["-O2"], ["-O0", "-fomit-frame-pointer"]]) {
        it(`calls ${compiler} ${options[0]} and is called by it`, { skip }, () => {
          const program = build(compiler, options, [object]);
          const { stdout, status } = spawnSync(program, { encoding: "utf8", timeout: HANG_MS });
          assert.equal(stdout, EXPECTED);
          assert.equal(status, 0);
        });
      }

      it(`fails as C does, linked by ${compiler}`, { skip }, () => {
        const program = build(compiler, ["-O2"], [object]);
        assert.equal(spawnSync(program, ["abort"], { timeout: HANG_MS }).signal, "SIGABRT");
        assert.equal(spawnSync(program, ["trap"], { timeout: HANG_MS }).signal, "SIGFPE");
      });
    }
  });
}

describe("objects", () => {
  const skip = missing("gcc");

  it("of two sources keep their own names apart", { skip }, async () => {
    const source = (value: number, exported: string) => `
      let state: i32 = ${value};
      const text: usize = cstr("${exported}");
      function step(): i32 { return state++; }
      export function ${exported}(): i32 { return step() + load<u8>(text); }`;
    const objects = [
      await compile("one", source(100, "alpha"), 2),
      await compile("two", source(200, "beta"), 2),
    ];
    const main = `int alpha(void), beta(void);
      int printf(const char *, ...);
      int main(void) { alpha(); return printf("%d %d", alpha(), beta()) < 0; }`;
    writeFileSync(inFolder("pair.c"), main);
    const out = inFolder("pair");
    execFileSync("gcc", ["-m32", "-no-pie", inFolder("pair.c"), ...objects, "-o", out]);
    assert.equal(execFileSync(out, { encoding: "utf8" }), `${101 + 97} ${200 + 98}`);
  });

  it("do not make the stack executable, and name nothing but exports and imports", async () => {
    const object = await compile(
      "names",
      "declare function c(): i32; export function t(): i32 { return c(); }",
      2,
    );
    const symbols = execFileSync("readelf", ["-sSW", object], { encoding: "utf8" });
    assert.match(symbols, /\.note\.GNU-stack +PROGBITS +0+ \w+ 0+ 00 +0/);
    const globals = [...symbols.matchAll(/GLOBAL +\w+ +\w+ (\S+)/g)].map(([, name]) => name);
    assert.deepEqual(globals.sort(), ["c", "t"]);
  });

  it("refuse what needs the digits of an address, with its line", async () => {
    const source = `const data: usize = memory.data<u8>([1, 2, 3]);
export function hash(): usize {
  return data >> 4;
}`;
    await assert.rejects(compile("digits", source, 2), (error) => {
      assert.ok(error instanceof Diagnostic);
      assert.equal(error.code, "COMP002");
      assert.equal(error.place?.line, 3);
      return true;
    });
  });

  it("refuse allocation and growth, with the line", async () => {
    const rejects = async (source: string, code: string) =>
      assert.rejects(compile("managed", source, 2), (error) => {
        assert.ok(error instanceof Diagnostic);
        assert.deepEqual([error.code, error.place?.line], [code, 2]);
        return true;
      });
    await rejects("export function f(): i32 {\n return new Array<i32>(3).length;\n}", "BARE010");
    await rejects("export function f(): i32 {\n return memory.grow(1);\n}", "BARE011");
    await rejects("export function f(): void {\n console.log('x');\n}", "BARE009");
  });

  it("of the kernel target keep our calling convention", { skip }, async () => {
    const source = `const table: usize = memory.data<i32>([10, 20, 30]);
      export function pick(a: i32, b: i32, c: i32, d: i32): i32 {
        return load<i32>(table + (<usize>a << 2)) + b * c - d;
      }`;
    const object = await compile("convention", source, 2, "kernel");
    const main = `__attribute__((regparm(3))) int pick(int, int, int, int);
      int printf(const char *, ...);
      int main(void) { return printf("%d", pick(2, 5, 7, 11)) < 0; }`;
    writeFileSync(inFolder("convention.c"), main);
    const out = inFolder("convention");
    execFileSync("gcc", ["-m32", "-no-pie", inFolder("convention.c"), object, "-o", out]);
    assert.equal(execFileSync(out, { encoding: "utf8" }), `${30 + 35 - 11}`);
  });
});
