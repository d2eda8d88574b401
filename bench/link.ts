// `npm run bench:link [-- OBJECTS]`: links a synthetic kernel of 50 MiB and 200,000 symbols with
// our linker, GNU ld and lld, each from the same files and layout, and prints the times and their
// ratios.
//
// Each object has 1,000 functions in a section of their own each, with data, strings that may be
// merged, and references to its own and to other objects. All linkers write the whole file; ours is
// timed as a process, Node's start included, and once more within this process, which is warm. Then
// the kernel of this repository is linked, first thing in a fresh process and when warm.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
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

/** Seconds that a program takes, the best of some rounds; undefined if it is not there or fails. */
function timed(program: string, args: readonly string[]): number | undefined {
  let best: number | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const { status, error, stderr } = spawnSync(program, args, { encoding: "utf8" });
    if (error) return undefined;
    if (status !== 0) {
      process.stderr.write(`${program}: ${stderr.slice(0, 400)}\n`);
      return undefined;
    }
    best = Math.min(best ?? Infinity, (performance.now() - start) / 1000);
  }
  return best;
}

async function timedHere(paths: readonly string[]): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const bytes = await Promise.all(paths.map((path) => readFile(path)));
    const inputs = bytes.map((content, index) => readInput(content, paths[index] ?? ""));
    writeFileSync(join(directory, "here.elf"), elfFile(link(inputs, layout)));
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
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
  const list = join(directory, "objects.rsp");
  writeFileSync(list, paths.join("\n"));
  writeFileSync(join(directory, "layout.json"), JSON.stringify(layout));
  const resolved = resolveLayout(layout);
  const script = (dialect: "bfd" | "lld") => {
    const path = join(directory, `${dialect}.ld`);
    writeFileSync(path, writeLinkerScript(resolved, dialect));
    return path;
  };
  const out = ["-o", join(directory, "out.elf"), `@${list}`];
  const command = [resolve("bin/isthmus.js"), "link", "--layout", join(directory, "layout.json")];
  const times: Record<string, number | undefined> = {
    "GNU ld": timed("ld", ["-m", "elf_i386", "-T", script("bfd"), ...out]),
    lld: timed("ld.lld", ["-m", "elf_i386", "-T", script("lld"), ...out]),
    "isthmus link": timed(process.execPath, [
      ...command,
      "-o",
      join(directory, "ours.elf"),
      ...paths,
    ]),
    "link() when warm": await timedHere(paths),
  };
  const mebibytes = (bytes / 2 ** 20).toFixed(0);
  process.stdout.write(
    `${OBJECTS} objects, ${mebibytes} MiB, ${OBJECTS * FUNCTIONS} symbols; best of ${ROUNDS}\n`,
  );
  const base = times["GNU ld"];
  for (const [name, time] of Object.entries(times)) {
    const seconds = time === undefined ? "not installed" : `${time.toFixed(2)} s`;
    const ratio = time === undefined || base === undefined ? "" : `${(time / base).toFixed(2)} x`;
    process.stdout.write(`${name.padEnd(18)} ${seconds.padStart(14)} ${ratio.padStart(8)}\n`);
  }
} finally {
  rmSync(directory, { recursive: true });
}
const loader = ["--import", "./bin/loader.js"];
execFileSync(process.execPath, [...loader, "bench/link-kernel.ts"], { stdio: "inherit" });
