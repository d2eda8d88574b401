// What is damaged and then linked or checked. The files are made once, by gcc where it is there;
// each process of the hunt reads them.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Diagnostic, formatDiagnostic } from "../../../src/base/diagnostic";
import { check } from "../../../src/link/check/check";
import { isArchiveInput, readInput } from "../../../src/link/input/read-input";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { mapFile } from "../../../src/link/output/map-file";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { nops, objectFile } from "../build-object";
import { makeKernel } from "../check/make-kernel";
import { run, scratch } from "../tools";
import { damage, type Random } from "./damage";

/** Files by name. */
type Files = Readonly<Record<string, Uint8Array>>;
type Test = Parameters<typeof scratch>[0];

const OWN = objectFile("a.o", {
  ".text": {
    bytes: nops(80),
    symbols: { _start: 0, f: { offset: 8, binding: "weak" } },
    refs: [
      { at: 4, to: "word" },
      { at: 20, to: "f", kind: "relative", addend: -4 },
      { at: 30, to: "table", kind: "got-relaxable" },
      { at: 40, to: "_GLOBAL_OFFSET_TABLE_", kind: "got-address" },
    ],
  },
  ".data": { bytes: nops(40), align: 16, symbols: { word: 4, table: 8 } },
  ".bss": { zeros: 1000, symbols: { zeros: 0 } },
});

const HEADER = "template <class T> struct Box { T v; T get() { static int n; return v + n++; } };";
/** A small program with groups, constructors, strings, an offset table and unwind tables. */
const MAIN = `${HEADER} Box<int> box; int f(const char *); int common;
  __attribute__((constructor)) void early() { box.get(); }
  extern "C" void _start() { f("hello world"); box.get(); common++; }`;
const F = `${HEADER} extern Box<int> box;
  int f(const char *s) { return s["world"[0] & 1] + box.get(); }`;

function program(t: Test): Files {
  const file = scratch(t);
  const flags = ["-m32", "-O1", "-g", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fpic"];
  const compile = (name: string, source: string) => {
    run("g++", ...flags, "-c", file(`${name}.cpp`, source), "-o", file(`${name}.o`));
    return file(`${name}.o`);
  };
  const main = compile("main", MAIN);
  const packed = file("packed.o");
  run("objcopy", "--compress-debug-sections=zlib", main, packed);
  const unused = compile("unused", "int unused() { return 1; }");
  run("ar", "rcs", file("lib.a"), compile("f", F), unused);
  return {
    "main.o": readFileSync(main),
    "packed.o": readFileSync(packed),
    "lib.a": readFileSync(file("lib.a")),
  };
}

/** Writes the files of all targets into folders below `directory`. */
export function writeTargets(t: Test, directory: string): void {
  const { "packed.o": packed, ...plain } = program(t);
  const kernel = makeKernel(t, { flags: ["-q"] });
  const folders: Record<string, Files> = {
    "link own": { "a.o": writeElfObject(OWN) },
    "link gcc": plain,
    "link packed": {
      "main.o": packed ?? new Uint8Array(0),
      "lib.a": plain["lib.a"] ?? new Uint8Array(0),
    },
    "check 32": { "kernel.elf": kernel.bytes },
    "check 64": { "kernel.elf": makeKernel(t, { bits: 64 }).bytes },
    "check parts": { "kernel.elf": kernel.bytes, ...plain },
  };
  for (const [folder, files] of Object.entries(folders)) {
    mkdirSync(join(directory, folder));
    for (const [name, bytes] of Object.entries(files)) {
      writeFileSync(join(directory, folder, name), bytes);
    }
  }
}

export interface Target {
  readonly name: string;
  /** Damages one of the files and uses all of them; returns the message, if there was one. */
  attempt(random: Random): string | undefined;
}

/** The targets whose files are in `directory`. */
export function readTargets(directory: string): Target[] {
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const folder = join(directory, name);
      const names = readdirSync(folder).sort();
      const files = Object.fromEntries(
        names.map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))]),
      );
      const use = name.startsWith("link") ? linkAll : checkAll;
      return { name, attempt: (random) => saidOf(() => use(broken(files, random), random)) };
    });
}

function broken(files: Files, random: Random): Files {
  const names = Object.keys(files);
  const victim = names[random.below(names.length)] ?? "";
  return { ...files, [victim]: damage(files[victim] ?? new Uint8Array(0), random) };
}

/** Anything but a Diagnostic is rethrown. */
function saidOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    return formatDiagnostic(error);
  }
}

function linkAll(files: Files, random: Random): void {
  const inputs = Object.entries(files).map(([name, bytes]) => readInput(bytes, name));
  const tables = [{ name: ".eh_frame", permissions: "r" }, ".gcc_except_table"] as const;
  const image = link(inputs, {
    gcSections: random.below(2) === 0,
    orphans: "place",
    sections: [".text", ".rodata", ...(random.below(2) === 0 ? tables : []), ".data", ".bss"],
  });
  elfFile(image);
  mapFile(image);
}

function checkAll({ "kernel.elf": kernel, ...others }: Files): void {
  const objects = Object.entries(others).flatMap(([name, bytes]) => {
    const input = readInput(bytes, name);
    return isArchiveInput(input) ? input.members.map((member) => member.read()) : [input];
  });
  const { findings, verdicts } = check(kernel ?? new Uint8Array(0), "kernel.elf", { objects });
  for (const { what } of findings) assert.doesNotMatch(what, /undefined|NaN/);
  assert.equal(verdicts.length, 4);
}
