// Modules with a memory of their own: nothing that they do reaches beyond it, and a trap says where
// it was. As programs, and as objects that C is linked with.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseCommandLine } from "../../src/cli/command";
import { command } from "../../src/cli/compile";
import { COMMAND_TABLE } from "../../src/cli/main";
import { cannotRun } from "../compile/native/native";
import { HANG_MS } from "../hang-guard";
import { isthmus } from "./isthmus";

const folder = mkdtempSync(join(tmpdir(), "isthmus-own-"));
after(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

/** Exports that reach for what they are told to. */
const MODULE = `
  @external("env", "twice") declare function twice(x: i32): i32;
  export let calls: i32 = 3;
  const greeting = memory.data<u8>([104, 105]);
  export function peek(p: usize): i32 { calls++; return load<u8>(p) ; }
  export function peekFar(p: usize): i64 { return load<i64>(p, 0x7ffffff0); }
  export function poke(p: usize, value: i64): void { store<i64>(p, value); }
  export function greet(): usize { return greeting; }
  export function grow(pages: i32): i32 { return memory.grow(pages); }
  export function copy(to: usize, from: usize, n: usize): void { memory.copy(to, from, n); }
  export function fill(to: usize, n: usize): void { memory.fill(to, 7, n); }
  export function divide(a: i32, b: i32): i32 { return a / b; }
  export function divideWide(a: i64, b: i64): i64 { return a / b; }
  export function truncate(x: f64): i32 { return i32(x); }
  export function viaHost(x: i32): i32 { return twice(x) + 1; }
  export function init(): i32 { return 9; }
`;

const PROGRAM = `
  export function main(n: i32): i32 {
    if (n === 1) return load<u8>((1 << 17) - 1) + memory.size();
    if (n === 2) store<u8>(0xfffffff0, 1);
    if (n === 3) store<i64>(0x1fffc, 1);
    if (n === 4) memory.fill(0x1fff0, 1, 17);
    if (n === 5) return 5 / (n - 5);
    if (n === 7) return load<u8>(0xfffffff8 + memory.size() - 2, 16);
    return memory.grow(1) + load<u8>(0x2ffff);
  }
`;

async function asc(name: string, source: string): Promise<void> {
  const compiler = await import("assemblyscript/asc");
  const { error, stderr } = await compiler.main(
    [
      ...[`${name}.ts`, "--outFile", `${name}.wasm`, "--runtime", "stub", "--noAssert"],
      ...["--initialMemory", "2", "--maximumMemory", "4", "--use", "abort=", "-O2"],
      ...["--disable", "nontrapping-f2i"],
    ],
    {
      readFile: (path) => (path === `${name}.ts` ? source : null),
      writeFile: (_, contents) => writeFileSync(inFolder(`${name}.wasm`), contents),
      listFiles: () => [],
    },
  );
  assert.equal(error, null, stderr.toString());
}

/** Compiles in this process, which must succeed. */
async function compile(...words: string[]): Promise<void> {
  assert.equal(await command.run(parseCommandLine(command, words), COMMAND_TABLE), 0);
}

/** How programs are compiled, and what they are called. */
const WAYS = [
  [["-O", "0"], "program0"],
  [["-O", "2"], "program2"],
  [["-O", "0", "--bounds", "segment"], "segment0"],
  [["-O", "2", "--bounds", "segment"], "segment2"],
] as const;

describe("a program with a memory of its own", { skip: cannotRun() }, () => {
  before(async () => {
    await asc("program", PROGRAM);
    for (const [words, name] of WAYS) {
      await compile(inFolder("program.wasm"), ...words, "-o", inFolder(name));
    }
  });

  for (const [options, name] of WAYS) {
    const run = (n: number) => {
      const words = Array.from({ length: n - 1 }, () => "x");
      const { status, stderr } = spawnSync(inFolder(name), words, { encoding: "utf8" });
      return { status, stderr };
    };
    const how = options.join(" ");
    it(`reads the last byte, and grows, ${how}`, () => {
      assert.deepEqual(run(1), { status: 2, stderr: "" });
      assert.deepEqual(run(6), { status: 2, stderr: "" });
    });

    for (const [n, what] of [
      [2, "stores at 0xfffffff0"],
      [3, "stores across the end"],
      [4, "fills one byte too many"],
      [7, "reads where a sum of 33 bits would be within"],
    ] as const) {
      it(`traps when it ${what}, and says where, ${how}`, () => {
        const { status, stderr } = run(n);
        assert.match(
          stderr,
          /^trap: out of bounds memory access in \S*main, at byte 0x[0-9a-f]{8} of the module\n$/,
        );
        assert.equal(status, 134);
      });
    }

    it(`traps when it divides by zero, ${how}`, () => {
      assert.match(run(5).stderr, /^trap: integer divide by zero in \S*main, at byte 0x/);
    });
  }

  it("does not run where the limits of segments are not enforced, and says why", async () => {
    const words = ["run", "--machine", "v86", "--root", folder, "--", "/segment2"];
    const { status, stdout, stderr } = await isthmus(words);
    assert.match(stdout + stderr, /does not enforce the limits of segments.* --bounds compare\n/);
    assert.equal(status, 134);
  });
});

const C = String.raw`
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include "own.h"
static jmp_buf back;
static const char *why = "";
void own_trap(const char *trap, const char *function, uint32_t offset) {
  why = offset > 8 && function[0] ? trap : "a trap without a place";
  longjmp(back, 1);
}
uint32_t own_import_env_twice(uint32_t x) { return 2 * x; }
#define SHOW(e) do { \
    if (setjmp(back)) printf("%s: %s\n", #e, why); \
    else printf("%s = %lld\n", #e, (long long)(e)); \
  } while (0)
int main(void) {
  own_init();
  SHOW(own_memory_size());
  SHOW(memcmp(own_memory + own_greet(), "hi", 2));
  SHOW(own_peek(131071));
  SHOW(own_peek(131072));
  SHOW(own_peek(0xffffffff));
  SHOW(own_calls);
  SHOW(own_peekFar(0x80000010));
  SHOW(own_peekFar(0xfffffff0));
  SHOW((own_poke(131064, 0x1122334455667788), own_memory[131071]));
  SHOW((own_poke(131065, -1), 0));
  SHOW((own_poke(0xfffffffc, -1), 0));
  SHOW(own_memory[131065]);
  SHOW((own_copy(131070, 0, 2), 0));
  SHOW((own_copy(131070, 0, 3), 0));
  SHOW((own_copy(0, 0xfffffff0, 0x20), 0));
  SHOW((own_fill(131072, 0), 0));
  SHOW((own_fill(131073, 0), 0));
  SHOW((int)own_grow(1));
  SHOW(own_peek(196607));
  SHOW((int)own_memory_grow(1));
  SHOW((int)own_grow(1));
  SHOW((int)own_grow(-1));
  SHOW(own_memory_size());
  SHOW((int)own_divide(7, 0));
  SHOW((int)own_divide(0x80000000, -1));
  SHOW(own_divideWide(1, 0));
  SHOW(own_divideWide((uint64_t)1 << 63, -1));
  SHOW((int)own_truncate(-2147483648.9));
  SHOW((int)own_truncate(2147483648.0));
  SHOW((int)own_truncate(0.0 / 0.0));
  SHOW(own_viaHost(20));
  SHOW(own_export_init());
  return 0;
}
`;

const BEYOND = "out of bounds memory access";
const EXPECTED = `own_memory_size() = 131072
memcmp(own_memory + own_greet(), "hi", 2) = 0
own_peek(131071) = 0
own_peek(131072): ${BEYOND}
own_peek(0xffffffff): ${BEYOND}
own_calls = 6
own_peekFar(0x80000010): ${BEYOND}
own_peekFar(0xfffffff0): ${BEYOND}
(own_poke(131064, 0x1122334455667788), own_memory[131071]) = 17
(own_poke(131065, -1), 0): ${BEYOND}
(own_poke(0xfffffffc, -1), 0): ${BEYOND}
own_memory[131065] = 119
(own_copy(131070, 0, 2), 0) = 0
(own_copy(131070, 0, 3), 0): ${BEYOND}
(own_copy(0, 0xfffffff0, 0x20), 0): ${BEYOND}
(own_fill(131072, 0), 0) = 0
(own_fill(131073, 0), 0): ${BEYOND}
(int)own_grow(1) = 2
own_peek(196607) = 0
(int)own_memory_grow(1) = 3
(int)own_grow(1) = -1
(int)own_grow(-1) = -1
own_memory_size() = 262144
(int)own_divide(7, 0): integer divide by zero
(int)own_divide(0x80000000, -1): integer overflow
own_divideWide(1, 0): integer divide by zero
own_divideWide((uint64_t)1 << 63, -1): integer overflow
(int)own_truncate(-2147483648.9) = -2147483648
(int)own_truncate(2147483648.0): integer overflow
(int)own_truncate(0.0 / 0.0): invalid conversion to integer
own_viaHost(20) = 41
own_export_init() = 9
`;

/** Why C cannot be compiled for i386, or false; in CI it must. */
function missing(): string | false {
  if (process.env.CI === "true") return false;
  writeFileSync(inFolder("probe.c"), "#include <stdio.h>\nint main(void) { return 0; }\n");
  const { status } = spawnSync("gcc", ["-m32", inFolder("probe.c"), "-o", inFolder("probe")], {
    stdio: "ignore",
  });
  return status === 0 ? false : "gcc makes no i386 programs here";
}

describe("an object with a memory of its own", { skip: cannotRun() || missing() }, () => {
  before(async () => {
    await asc("own", MODULE);
    writeFileSync(inFolder("main.c"), C);
  });

  for (const level of ["0", "2"]) {
    it(`does for C what its header says, at -O${level}`, async () => {
      const [object, header] = [inFolder("own.o"), inFolder("own.h")];
      const words = ["--target=object", "-O", level, "-o", object, "--header", header];
      await compile(inFolder("own.wasm"), ...words);
      const out = inFolder(`linked${level}`);
      const sources = [inFolder("main.c"), object];
      execFileSync("gcc", ["-m32", "-no-pie", "-Wall", "-Werror", ...sources, "-o", out]);
      const { stdout, status } = spawnSync(out, { encoding: "utf8", timeout: HANG_MS });
      assert.equal(stdout, EXPECTED);
      assert.equal(status, 0);
    });
  }

  it("stops at a trap that C does not handle, or prints it as the header can", () => {
    const program = (name: string, definition: string): string => {
      const text = `${definition}\n#include "own.h"
        uint32_t own_import_env_twice(uint32_t x) { return x; }
        int main(void) { own_init(); return own_peek(131072); }\n`;
      writeFileSync(inFolder(`${name}.c`), text);
      const sources = [inFolder(`${name}.c`), inFolder("own.o")];
      execFileSync("gcc", ["-m32", "-no-pie", ...sources, "-o", inFolder(name)]);
      return inFolder(name);
    };
    assert.equal(spawnSync(program("plain", "")).signal, "SIGILL");
    const printing = spawnSync(program("printing", "#define OWN_IMPLEMENTATION"), {
      encoding: "utf8",
    });
    assert.equal(printing.signal, "SIGABRT");
    assert.match(printing.stderr, /^own: trap: out of bounds memory access in \S*peek, at byte 0x/);
  });

  it("has names that C can say, each once", () => {
    const header = readFileSync(inFolder("own.h"), "utf8");
    assert.match(header, /^uint32_t own_export_init\(void\);$/m);
    assert.match(header, /^extern uint32_t own_calls;$/m);
    const names = [...header.matchAll(/^\S.* (own_\w+)\(.*\);$/gm)].map(([, name]) => name);
    assert.equal(new Set(names).size, names.length);
  });
});
