// Damaged objects, archives and whole links: always an image or a Diagnostic, in time and memory.
//
// The number of mutations is 1,500; MUTATIONS=10000 in the environment makes it that many, and
// MUTATION_SEED begins elsewhere.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Diagnostic, formatDiagnostic } from "../../src/base/diagnostic";
import { elfFile } from "../../src/link/elf-files";
import { writeElfObject } from "../../src/link/elf-object-write";
import { readInput } from "../../src/link/input/read-input";
import { link } from "../../src/link/link";
import { mapFile } from "../../src/link/map-file";
import { nops, objectFile } from "./build-object";
import { run, scratch, unlessInstalled } from "./tools";

const COUNT = Number(process.env.MUTATIONS ?? 1500);
const SLOW_MS = 1000;
const MEMORY_LIMIT = 2 ** 30;

let seed = Number(process.env.MUTATION_SEED ?? 7);
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

/** Words that upset arithmetic on offsets and sizes. */
const WORDS = [0, 1, 0x7f, 0xff, 0xffff, 0xff00, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

/** A copy of `bytes` with some kind of damage. */
function damage(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  switch (random(5)) {
    case 0: // Bytes flipped anywhere.
      for (let count = 1 + random(8); count > 0; count--) copy[random(copy.length)] = random(256);
      return copy;
    case 1: // The ELF header or an archive's first one.
      copy[random(Math.min(68, copy.length))] = random(256);
      return copy;
    case 2: // Words of tables, which lie at the end of objects.
      for (let count = 1 + random(3); count > 0; count--) {
        const at = Math.max(0, copy.length - 4 - 4 * random(Math.floor(copy.length / 4)));
        view.setUint32(at, WORDS[random(WORDS.length)] ?? 0, true);
      }
      return copy;
    case 3: // Cut off.
      return copy.slice(0, random(copy.length));
    default: {
      // A part of the file in another place.
      const length = 1 + random(64);
      const from = random(Math.max(1, copy.length - length));
      copy.copyWithin(random(Math.max(1, copy.length - length)), from, from + length);
      return copy;
    }
  }
}

/** What a link is made of, by name. */
type Files = Readonly<Record<string, Uint8Array>>;

/** Links `files` with one of them damaged; returns what was said, if anything. */
function tryLink(files: Files, gcSections: boolean): string | undefined {
  const names = Object.keys(files);
  const victim = names[random(names.length)];
  const start = performance.now();
  try {
    const inputs = names.map((name) => {
      const bytes = files[name] ?? new Uint8Array(0);
      return readInput(name === victim ? damage(bytes) : bytes, name);
    });
    const image = link(inputs, { gcSections, orphans: "place" });
    elfFile(image);
    mapFile(image);
    return undefined;
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    return formatDiagnostic(error);
  } finally {
    const time = performance.now() - start;
    // On a loaded machine a pause is not a hang: what is slow must be slow again.
    assert.ok(time < 10 * SLOW_MS, `a link took ${Math.round(time)} ms`);
  }
}

function tryMany(files: Files, count: number): void {
  const said = new Set<string>();
  const start = performance.now();
  for (let round = 0; round < count; round++) {
    const before = seed;
    try {
      const text = tryLink(files, round % 2 === 0);
      if (text) said.add(/\[(\w+)\]/.exec(text)?.[1] ?? text);
    } catch (error) {
      throw new Error(`with MUTATION_SEED=${before}: ${(error as Error).stack}`);
    }
  }
  assert.ok((performance.now() - start) / count < SLOW_MS);
  assert.ok(process.memoryUsage().rss < MEMORY_LIMIT, "memory beyond 1 GiB");
  assert.ok(count < 100 || said.size >= 3, `only ${[...said].join(", ")} was said`);
}

test("damaged objects of our own", () => {
  const object = objectFile("a.o", {
    ".text": {
      bytes: nops(80),
      symbols: { _start: 0, f: { offset: 8, binding: "weak" } },
      refs: [
        { at: 4, to: "word" },
        { at: 20, to: "f", type: "R_386_PC32", addend: -4 },
        { at: 30, to: "table", type: "R_386_GOT32X" },
        { at: 40, to: "_GLOBAL_OFFSET_TABLE_", type: "R_386_GOTPC" },
      ],
    },
    ".data": { bytes: nops(40), align: 16, symbols: { word: 4, table: 8 } },
    ".bss": { zeros: 1000, symbols: { zeros: 0 } },
  });
  tryMany({ "a.o": writeElfObject(object) }, Math.ceil(COUNT / 3));
});

/** A small C++ program with everything in it, as objects and an archive. */
function program(t: TestContext): Files {
  const file = scratch(t);
  const flags = ["-m32", "-O1", "-g", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fpic"];
  const compile = (name: string, source: string) => {
    run("g++", ...flags, "-c", file(`${name}.cpp`, source), "-o", file(`${name}.o`));
    return file(`${name}.o`);
  };
  const header =
    "template <class T> struct Box { T v; T get() { static int n; return v + n++; } };";
  const main = compile(
    "main",
    `${header} Box<int> box; int f(const char *); int common;
     __attribute__((constructor)) void early() { box.get(); }
     extern "C" void _start() { f("hello world"); box.get(); common++; }`,
  );
  const f = compile(
    "f",
    `${header} extern Box<int> box;
     int f(const char *s) { return s["world"[0] & 1] + box.get(); }`,
  );
  run("ar", "rcs", file("lib.a"), f, compile("unused", "int unused() { return 1; }"));
  return { "main.o": readFileSync(main), "lib.a": readFileSync(file("lib.a")) };
}

test("damaged objects and archives of gcc, linked together", {
  skip: unlessInstalled("g++"),
}, (t) => {
  const files = program(t);
  const whole = link(
    Object.entries(files).map(([name, bytes]) => readInput(new Uint8Array(bytes), name)),
    {},
  );
  assert.ok(whole.sections.length > 4);
  const copies = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, new Uint8Array(bytes)]),
  );
  tryMany(copies, Math.ceil((COUNT * 2) / 3));
});
