// ELF objects of other compilers, and files that are not such objects.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Diagnostic } from "../../../src/base/diagnostic";
import { readElfObject } from "../../../src/link/input/elf-object";
import { link } from "../../../src/link/link";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { diagnosed } from "../expect-diagnostic";
import { layout, tinyKernel } from "../tiny-kernel";
import { run, scratch, unlessInstalled } from "../tools";

test("gcc's objects are read: relocations, common and absolute symbols", {
  skip: unlessInstalled("gcc"),
}, (t) => {
  const file = scratch(t);
  const source = `
    int table[3] = {1, 2, 3};
    int zeros[50];
    int common_word;
    extern int outside(int *);
    __asm__(".globl magic\\nmagic = 0x1234");
    int main_loop(int i) { return outside(&table[i]) + common_word + zeros[i]; }
  `;
  const c = file("a.c", source);
  const o = file("a.o");
  run("gcc", "-m32", "-O1", "-fno-pic", "-fcommon", "-ffunction-sections", "-c", c, "-o", o);
  const object = readElfObject(readFileSync(o), "a.o");
  const symbol = (name: string) => object.symbols.find((candidate) => candidate.name === name);
  assert.equal(symbol("magic")?.absolute, true);
  assert.equal(symbol("magic")?.offset, 0x1234);
  assert.equal(symbol("outside")?.section, undefined);
  assert.equal(symbol("common_word")?.common, 4);
  assert.equal(symbol("common_word")?.section, undefined);
  const code = object.sections.find(({ name }) => name === ".text.main_loop");
  assert.ok((code?.relocations.length ?? 0) >= 4);
});

test("thread-local variables of shared libraries are refused with a remedy", {
  skip: unlessInstalled("gcc"),
}, (t) => {
  const file = scratch(t);
  const c = file("a.c", "extern __thread int x; int f(void) { return x; }");
  const o = file("a.o");
  const compiled = (...flags: string[]) => {
    run("gcc", "-m32", "-O1", ...flags, "-c", c, "-o", o);
    return readElfObject(readFileSync(o), "a.o");
  };
  for (const [flag, type] of [
    ["-fpic", "R_386_TLS_GD"],
    ["-fno-pic", "R_386_TLS_IE"],
  ] as const) {
    const text = diagnosed("ELF003", () => compiled(flag));
    assert.match(text, new RegExp(`${type} at \\.text\\+0x[\\s\\S]*-ftls-model=local-exec`));
  }
  compiled("-fno-pic", "-ftls-model=local-exec");
});

test("files that are not i386 ELF objects are refused, each with its reason", () => {
  const good = writeElfObject(tinyKernel());
  const change = (offset: number, value: number) => {
    const bytes = good.slice();
    bytes[offset] = value;
    return bytes;
  };
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /is not an ELF file/],
    [good.slice(0, 51), /is not an ELF file/],
    [change(4, 2), /64-bit ELF file/],
    [change(5, 2), /big-endian/],
    [change(18, 62), /an object of x32/],
    [change(16, 2), /type 2, not a relocatable object/],
  ];
  for (const [bytes, expected] of cases) {
    assert.match(
      diagnosed("ELF001", () => readElfObject(bytes, "x.o")),
      expected,
    );
  }
});

test("damaged objects are refused or linked, and never crash the reader", () => {
  const good = writeElfObject(tinyKernel());
  let seed = 3;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const tail = good.length - 1200;
  for (let round = 0; round < 2000; round++) {
    let bytes = good.slice();
    // Damage is dangerous in headers and tables.
    for (let hit = 0; hit < 3; hit++) {
      const at = random(2) === 0 ? random(52) : tail + random(1200);
      bytes[at] = random(3) === 0 ? 0xff : random(256);
    }
    if (round % 5 === 0) bytes = bytes.slice(0, random(bytes.length));
    try {
      link([readElfObject(bytes, "x.o")], { ...layout, boot: "none" });
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
    }
  }
});
