// Links a synthetic kernel of 50 MiB and 200,000 symbols with our linker, GNU ld, lld and mold
// (where they are installed), each from the same files and layout, and prints the processor time
// that each takes, its ratio to that of GNU ld, and the most memory that it held, where GNU time is
// installed. mold has no scripts: it places the sections as it likes.
//
//   npm run bench:link [-- OBJECTS]
//
// Each of the OBJECTS (200) has 1,000 functions in sections of their own, with references to its
// own and to other objects. All linkers write the whole file. Then the kernel of this repository
// is linked, as the first thing that a process does and warm. Nothing has a limit here.

import "../tools/report-errors";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readInput } from "../src/link/input/read-input";
import type { Layout } from "../src/link/layout/layout";
import { resolveLayout } from "../src/link/layout/resolve";
import { link } from "../src/link/link";
import { elfFile } from "../src/link/output/elf-files";
import { writeElfObject } from "../src/link/output/write-elf-object";
import { writeLinkerScript } from "../src/link/script/linker-script";
import type { ObjectFile, ObjectSymbol, Relocation, Section } from "../src/object/object";
import { type Spent, timeCommand, timeHere } from "./harness/cpu-time";

const OBJECTS = Number(process.argv[2] ?? 200);
const FUNCTIONS = 1000;
const FUNCTION_BYTES = 96;
const REFERENCES = 2;
/** Symbols of other objects that an object refers to. */
const IMPORTS = 200;
const ROUNDS = 3;

const layout: Layout = { regions: { kernel: { start: 0x100000 } } };

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

/** One function: code that refers to functions here and elsewhere. */
function section(object: number, index: number): Section {
  const bytes = new Uint8Array(FUNCTION_BYTES).fill(0x90);
  const relocations = Array.from({ length: REFERENCES }, (_, number): Relocation => {
    const offset = 16 + number * 32;
    bytes.fill(0, offset, offset + 4);
    const symbol = number % 2 === 0 ? random(FUNCTIONS) : FUNCTIONS + random(IMPORTS);
    const kind = number % 3 === 0 ? "absolute" : "relative";
    return { offset, kind, width: 4, symbol, addend: kind === "absolute" ? 0 : -4 };
  });
  return {
    name: `.text.function_${object}_${index}`,
    type: "progbits",
    flags: { alloc: true, write: false, execute: true },
    align: 16,
    size: FUNCTION_BYTES,
    bytes,
    relocations,
    lines: [],
  };
}

function makeObject(number: number): ObjectFile {
  const name = (object: number, index: number) =>
    object === 0 && index === 0 ? "_start" : `function_${object}_${index}`;
  const sections = Array.from({ length: FUNCTIONS }, (_, index) => section(number, index));
  const own = Array.from({ length: FUNCTIONS }, (_, index): ObjectSymbol => {
    const base = { binding: "global", type: "function", offset: 0 } as const;
    return { ...base, name: name(number, index), section: index, size: FUNCTION_BYTES };
  });
  const others = Array.from({ length: IMPORTS }, (_, index): ObjectSymbol => {
    const base = { binding: "global", type: "none", offset: 0, size: 0 } as const;
    return { ...base, name: name((number + 1 + (index % 7)) % OBJECTS, index) };
  });
  return { name: `${number}.o`, sections, symbols: [...own, ...others] };
}

interface Timed {
  readonly who: string;
  /** The least of several rounds; undefined if the program is not there or fails. */
  readonly spent: Spent | undefined;
  /** MiB; undefined: not measured. */
  readonly memory?: number | undefined;
}

/** The most memory that a program held, in MiB, as GNU time says. */
function peakMemory(program: string, parameters: readonly string[]): number | undefined {
  const words = ["-f", "peak %M", program, ...parameters];
  const { stderr, error } = spawnSync("/usr/bin/time", words, { encoding: "utf8" });
  const [, kibibytes] = (!error && /^peak (\d+)$/m.exec(stderr)) || [];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

function timed(who: string, program: string, parameters: readonly string[]): Timed {
  try {
    const spent = least(() => timeCommand(program, parameters, "."));
    return { who, spent, memory: peakMemory(program, parameters) };
  } catch (error) {
    process.stderr.write(`${String(error).slice(0, 200)}\n`);
    return { who, spent: undefined };
  }
}

function timedHere(who: string, paths: readonly string[], output: string): Timed {
  const run = () => {
    const inputs = paths.map((path) => readInput(readFileSync(path), path));
    writeFileSync(output, elfFile(link(inputs, layout)));
  };
  return { who, spent: least(() => timeHere(run)) };
}

function least(measure: () => Spent): Spent {
  const rounds = Array.from({ length: ROUNDS }, measure);
  return {
    cpu: Math.min(...rounds.map(({ cpu }) => cpu)),
    wall: Math.min(...rounds.map(({ wall }) => wall)),
  };
}

/** Ours is timed as a process, Node's start included, and once more within this warm process. */
function timeAll(directory: string, paths: readonly string[]): Timed[] {
  const file = (name: string) => join(directory, name);
  writeFileSync(file("objects.rsp"), paths.join("\n"));
  writeFileSync(file("layout.json"), JSON.stringify(layout));
  const resolved = resolveLayout(layout);
  for (const dialect of ["bfd", "lld"] as const) {
    writeFileSync(file(`${dialect}.ld`), writeLinkerScript(resolved, dialect));
  }
  const rival = ["-o", file("out.elf"), `@${file("objects.rsp")}`];
  const own = [resolve("bin/isthmus.js"), "link", "--layout", file("layout.json")];
  return [
    timed("GNU ld", "ld", ["-m", "elf_i386", "-T", file("bfd.ld"), ...rival]),
    timed("lld", "ld.lld", ["-m", "elf_i386", "-T", file("lld.ld"), ...rival]),
    timed("mold", "mold", ["--no-fork", "-m", "elf_i386", ...rival]),
    timed("isthmus link", process.execPath, [...own, "-o", file("ours.elf"), ...paths]),
    timedHere("link() when warm", paths, file("here.elf")),
  ];
}

function print(times: readonly Timed[], bytes: number): void {
  const mebibytes = (bytes / 2 ** 20).toFixed(0);
  console.log(
    `${OBJECTS} objects, ${mebibytes} MiB, ${OBJECTS * FUNCTIONS} symbols; best of ${ROUNDS}`,
  );
  const base = times[0]?.spent;
  for (const { who, spent, memory } of times) {
    const cpu = spent ? `${spent.cpu.toFixed(2)} CPU s` : "none";
    const ratio = spent && base ? `${(spent.cpu / base.cpu).toFixed(2)} x` : "";
    const wall = spent ? `${spent.wall.toFixed(2)} s passed` : "";
    const most = memory === undefined ? "" : `${memory.toFixed(0)} MiB`;
    const columns = [cpu.padStart(12), ratio.padStart(9), most.padStart(10), wall.padStart(16)];
    console.log(`${who.padEnd(18)}${columns.join("")}`);
  }
}

// The command is measured as it is installed.
execFileSync(process.execPath, ["tools/build-package.js"], { stdio: "inherit" });
const directory = mkdtempSync(join(tmpdir(), "isthmus-bench-link-"));
try {
  const paths = Array.from({ length: OBJECTS }, (_, number) => {
    const path = join(directory, `${number}.o`);
    writeFileSync(path, writeElfObject(makeObject(number)));
    return path;
  });
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  print(timeAll(directory, paths), bytes);
} finally {
  rmSync(directory, { recursive: true });
}
const loader = ["--import", "./bin/loader.js"];
execFileSync(process.execPath, [...loader, "bench/link-kernel.ts"], { stdio: "inherit" });
