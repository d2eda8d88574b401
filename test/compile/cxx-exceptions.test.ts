// C++ with exceptions as WebAssembly's, by clang: our code of it returns what the native program of
// clang -m32 and Node do.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { decodeModule } from "../../src/compile/wasm/decode";
import { validateModule } from "../../src/compile/wasm/validate";
import { cannotGenerate } from "./csmith/csmith";
import { runNative } from "./native/native";
import { runInNode } from "./native/run-in-node";

/** Destructors on the way of an exception, handlers that rethrow, and exceptions in handlers. */
const SOURCE = `
static unsigned noted = 7;
struct Note {
  int value;
  ~Note() { noted = noted * 31 + value; }
};
__attribute__((noinline)) int deep(int n) {
  Note note{n};
  if (n == 0) throw 1;
  return deep(n - 1) + n;
}
__attribute__((noinline)) int handled(int n) {
  try {
    Note outer{100 + n};
    return deep(n);
  } catch (...) {
    Note inHandler{200 + n};
    noted ^= 0x55;
    if (n % 3 == 1) throw;
    if (n % 3 == 2) deep(2);
    return -n;
  }
}
extern "C" int run(void) {
  for (int i = 0; i < 20; i++) {
    try {
      noted += handled(i);
    } catch (...) {
      noted = noted * 7 + i;
    }
  }
  return noted;
}
`;

const MAIN = `
#include <stdio.h>
int run(void);
int main(void) { return printf("%u", run()) < 0; }
`;

/** What C++ needs where all handlers are \`catch (...)\`: Debian's library has no exceptions. */
const RUNTIME = `
extern "C" {
extern const char _ZTIi[8] = {};
char __wasm_lpad_context[16];
static char exceptions[64][16];
static void *handled[64];
static int thrown, depth;
void *__cxa_allocate_exception(unsigned long n) { return exceptions[thrown++ % 64]; }
void __cxa_throw(void *exception, void *type, void *destroy) {
  __builtin_wasm_throw(0, exception);
}
void *__cxa_begin_catch(void *exception) { return handled[depth++] = exception; }
void __cxa_end_catch(void) { depth--; }
void __cxa_rethrow(void) { __builtin_wasm_throw(0, handled[depth - 1]); }
void _ZSt9terminatev(void) { __builtin_trap(); }
int _Unwind_CallPersonality(void *exception) { __builtin_trap(); }
int __gxx_personality_wasm0(void) { __builtin_trap(); }
}
`;

const LEVELS = [0, 1, 2] as const;

const folder = mkdtempSync(join(tmpdir(), "isthmus-exceptions-"));
after(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

function clang(...words: readonly string[]): void {
  execFileSync("clang", words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

describe("C++ with exceptions, as WebAssembly of clang's", { skip: await cannotGenerate() }, () => {
  let expected = 0n;
  let bytes = new Uint8Array();
  before(() => {
    writeFileSync(inFolder("program.cc"), SOURCE);
    writeFileSync(inFolder("main.c"), MAIN);
    writeFileSync(inFolder("runtime.cc"), RUNTIME);
    clang("-m32", "-O1", "program.cc", "main.c", "-lstdc++", "-o", "native");
    expected = BigInt(spawnSync(inFolder("native"), { encoding: "utf8" }).stdout);
    const target = ["--target=wasm32", "-O1", "-w"];
    clang(...target, "-fwasm-exceptions", "-fexceptions", "-c", "program.cc", "runtime.cc");
    const link = ["-nostdlib", "-Wl,--no-entry", "-Wl,--export=run"];
    clang(...target, ...link, "program.o", "runtime.o", "-o", "program.wasm");
    bytes = new Uint8Array(readFileSync(inFolder("program.wasm")));
  });

  const calls = [{ name: "run", args: [] }];

  it("returns in Node what the native program does", () => {
    assert.notEqual(expected, 0n);
    assert.deepEqual(runInNode(bytes, calls), [expected]);
  });

  for (const ownMemory of [true, false]) {
    it(`returns the same here, with ${ownMemory ? "own" : "shared"} memory`, () => {
      const module = decodeModule(bytes, "program.wasm");
      validateModule(module);
      for (const level of LEVELS) {
        assert.deepEqual(runNative(module, calls, { level, ownMemory }), [expected], `-O${level}`);
      }
    });
  }
});
