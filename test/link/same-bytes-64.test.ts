// Objects of gcc, clang, gas and nasm for x86-64, linked by us and by GNU ld from the script that
// `isthmus script` writes: the same bytes at the same addresses, the same entry, the same symbols.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DEFAULT_OPTIONS } from "../../src/link/by-script/scripted-image";
import { parseScript } from "../../src/link/gnu-script/parse-script";
import { readInput } from "../../src/link/input/read-input";
import type { Layout } from "../../src/link/layout/layout";
import { resolveLayout } from "../../src/link/layout/resolve";
import { link } from "../../src/link/link";
import { linkByScript } from "../../src/link/link-by-script";
import { writeElf } from "../../src/link/output/write-elf";
import { writeProgram } from "../../src/link/output/write-program";
import { writeLinkerScript } from "../../src/link/script/linker-script";
import { assertSame } from "./assert-same";
import { SOURCES_64, type SourceName64 } from "./same-bytes-64-sources";
import { run } from "./tools";

/** KEEP_FILES=1 in the environment keeps objects, scripts and both images for inspection. */
const KEEP = process.env.KEEP_FILES;
const directory = mkdtempSync(join(tmpdir(), "isthmus-same-64-"));
if (KEEP) console.log(directory);
after(() => KEEP || rmSync(directory, { recursive: true }));

const FREESTANDING = ["-m64", "-ffreestanding", "-fno-stack-protector", "-g0", "-mno-red-zone"];
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  plain: ["-O2", "-fno-pic"],
  kernel: ["-O2", "-fno-pic", "-mcmodel=kernel"],
  small: ["-Os", "-fno-pic", "-fcommon"],
  sections: ["-O1", "-fno-pic", "-ffunction-sections", "-fdata-sections"],
  none: ["-O0", "-fno-pic", "-mcmodel=kernel"],
  medium: ["-O2", "-fno-pic", "-mcmodel=medium", "-mlarge-data-threshold=16"],
  large: ["-O1", "-fno-pic", "-mcmodel=large"],
  pic: ["-O2", "-fpic"],
  noplt: ["-O2", "-fpic", "-fno-plt"],
  descriptors: ["-O2", "-fpic", "-mtls-dialect=gnu2"],
  largePic: ["-O2", "-fpic", "-mcmodel=large"],
  pie: ["-O1", "-fpie"],
  unwind: [
    "-O2",
    "-fno-pic",
    "-mcmodel=kernel",
    "-ffunction-sections",
    "-fasynchronous-unwind-tables",
  ],
};
const CXX = ["-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit"];

type Compiler = `${"gcc" | "clang"}:${string}`;

const objects = new Map<string, string>();

/** The object of a source, made when first needed. */
function compiled(source: SourceName64, compiler: Compiler): string {
  const [program = "gcc", flags = "plain"] = compiler.split(":");
  const isCode = source.endsWith(".c") || source.endsWith(".cpp");
  const key = source.replace(/\W/g, "-") + (isCode ? `-${program}-${flags}` : "");
  const known = objects.get(key);
  if (known) return known;
  const path = join(directory, source);
  const object = join(directory, `${key}.o`);
  writeFileSync(path, SOURCES_64[source]);
  if (source.endsWith(".nasm")) run("nasm", "-f", "elf64", path, "-o", object);
  else if (source.endsWith(".S")) run("gcc", "-m64", "-c", path, "-o", object);
  else {
    const exceptions = flags === "unwind" ? "-fexceptions" : "-fno-exceptions";
    const cxx = source.endsWith(".cpp") ? [...CXX, exceptions] : [];
    run(program, ...FREESTANDING, ...(FLAGS[flags] ?? []), ...cxx, "-w", "-c", path, "-o", object);
  }
  objects.set(key, object);
  return object;
}

const UPPER = 0xffffffff80000000;
const GOT = [{ name: ".got", inputs: [".got"] }, { name: ".got.plt" }];
const SECTIONS = [".text", ".rodata", ".data", ".bss"];

const LAYOUTS = {
  plain: {},
  collected: { gcSections: true },
  /** Loaded at 1 MiB, seen in the upper 2 GiB. */
  kernel: {
    regions: { low: { start: 0x100000 }, kernel: { load: "low", offset: UPPER } },
    sections: SECTIONS.map((name) => ({ name, region: "kernel" })),
  },
  /** For Linux. */
  program: { regions: { kernel: { start: 0x400000 } }, stackHeader: true },
  /** As Limine wants it. */
  limine: { regions: { kernel: { start: UPPER } }, sections: [...GOT, ...SECTIONS] },
  /** Where only position-independent code and the large model reach. */
  far: {
    regions: {
      low: { start: 0x200000 },
      kernel: { start: -(2 ** 47) + 0x40000000, end: -(2 ** 46) },
    },
    // GNU ld mistakes the place of an entry where .got.plt does not begin its section.
    sections: [...GOT, ...SECTIONS.map((name) => ({ name }))].map((section) => ({
      ...section,
      region: "kernel",
      load: "low",
    })),
  },
  parked: {
    regions: { kernel: { start: 0x100000 }, top: { end: 2 ** 64 } },
    sections: [
      ...SECTIONS,
      { name: ".shared_text", region: "top", load: "kernel", permissions: "rx", fill: 0 },
      { name: ".shared_data", region: "top", load: "kernel" },
    ],
  },
  notes: { sections: [{ name: ".note.Xen", permissions: "r" }, ...SECTIONS] },
  marked: {
    regions: { kernel: { start: UPPER + 0x100000 } },
    sections: [
      { name: ".text", align: 16, inputs: [".text", { symbol: "etext", align: 32 }] },
      {
        name: ".data",
        permissions: "rwx",
        inputs: [
          { symbol: "data_begins" },
          ".rodata*",
          ".data",
          { symbol: "edata", align: 128 },
          ".init_array",
          ".bss",
          "COMMON",
          { symbol: "almost_end" },
          { symbol: "end", align: 4096 },
        ],
      },
    ],
  },
  tables: {
    regions: { kernel: { start: UPPER } },
    sections: [
      ".text",
      ".rodata",
      { name: ".data", inputs: ["table", ".data*", ".init_array", ".got", ".got.plt"] },
      ".bss",
    ],
  },
  threads: {
    sections: [...SECTIONS, ".tdata", { name: ".tbss", align: 4, permissions: "rw" }],
  },
  unwound: {
    regions: { kernel: { start: UPPER } },
    sections: [".text", ".rodata", { name: ".eh_frame", permissions: "r" }, ".data", ".bss"],
  },
} satisfies Record<string, Layout>;

interface Case {
  readonly layout: keyof typeof LAYOUTS;
  readonly compiler: Compiler;
  readonly sources: readonly SourceName64[];
  /** These go into an archive, after the others. */
  readonly library?: readonly SourceName64[];
}

const C: readonly SourceName64[] = ["start.c", "strings.c", "numbers.c"];
const CLASSES: readonly SourceName64[] = ["start.c", "classes.cpp", "inline.cpp"];

const CASES: readonly Case[] = [
  { layout: "plain", compiler: "gcc:plain", sources: C },
  { layout: "plain", compiler: "gcc:small", sources: ["start.c", "common-a.c", "common-b.c"] },
  { layout: "plain", compiler: "gcc:medium", sources: C },
  { layout: "plain", compiler: "clang:plain", sources: CLASSES },
  { layout: "plain", compiler: "gcc:plain", sources: ["start.c", "fetches.S"] },
  { layout: "tables", compiler: "gcc:pie", sources: ["start.c", "table.c", "weak.c"] },
  { layout: "plain", compiler: "gcc:noplt", sources: C, library: ["strong.c", "weak.c"] },
  { layout: "collected", compiler: "gcc:sections", sources: [...C, "unused.c"] },
  { layout: "collected", compiler: "clang:sections", sources: [...C, "unused.c"] },
  { layout: "kernel", compiler: "gcc:kernel", sources: C },
  { layout: "kernel", compiler: "gcc:kernel", sources: [...C, "boot.S", "pages.S"] },
  { layout: "kernel", compiler: "gcc:none", sources: ["start.c", "pages.S", "uses-magic.S"] },
  { layout: "kernel", compiler: "clang:kernel", sources: CLASSES },
  { layout: "kernel", compiler: "gcc:pic", sources: CLASSES },
  { layout: "kernel", compiler: "gcc:kernel", sources: ["start.c", "nasm.nasm"] },
  { layout: "limine", compiler: "gcc:kernel", sources: CLASSES },
  { layout: "limine", compiler: "gcc:pie", sources: ["start.c", "slots.S"] },
  { layout: "limine", compiler: "gcc:noplt", sources: ["start.c", "table-relative.S"] },
  { layout: "limine", compiler: "clang:pie", sources: C },
  { layout: "plain", compiler: "gcc:plain", sources: ["fields.S"] },
  { layout: "tables", compiler: "gcc:kernel", sources: ["start.c", "strings.c", "table.c"] },
  { layout: "far", compiler: "gcc:large", sources: C },
  { layout: "far", compiler: "gcc:largePic", sources: CLASSES },
  { layout: "far", compiler: "gcc:large", sources: ["start.c", "table-relative.S"] },
  { layout: "parked", compiler: "gcc:plain", sources: [...C, "trampoline.S"] },
  { layout: "parked", compiler: "clang:pic", sources: ["trampoline.S", ...C] },
  { layout: "notes", compiler: "gcc:plain", sources: [...C, "note.S"] },
  { layout: "marked", compiler: "gcc:kernel", sources: [...C, "marked.S"] },
  ...(["gcc:plain", "gcc:pic", "gcc:descriptors", "gcc:largePic"] as const).map(
    (compiler): Case => ({
      layout: "threads",
      compiler,
      sources: ["threads.c", "more-threads.c", "initial-exec.S"],
    }),
  ),
  { layout: "threads", compiler: "clang:pic", sources: ["more-threads.c", "threads.c"] },
  { layout: "unwound", compiler: "gcc:kernel", sources: C },
];

const PROGRAMS: readonly Compiler[] = [
  "gcc:plain",
  "gcc:none",
  "gcc:sections",
  "gcc:pie",
  "gcc:noplt",
  "gcc:large",
  "clang:pic",
];
/** What sum() returns the first and the second time, and how often it was called. */
const STATUS = 36 + 40 + 2;

/** A reason to skip: CI is certain to have only gcc and binutils. */
function missing({ compiler, sources }: Case): string | false {
  const wanted = ["gcc", "ld", ...(compiler.startsWith("clang") ? ["clang"] : [])];
  if (sources.some((name) => name.endsWith(".nasm"))) wanted.push("nasm");
  for (const program of wanted) {
    const needed = process.env.CI === "true" && (program === "gcc" || program === "ld");
    if (!needed && spawnSync(program, ["--version"], { stdio: "ignore" }).error) {
      return `${program} is not installed`;
    }
  }
  return false;
}

function title({ layout, compiler, sources, library }: Case): string {
  return `${layout}, ${compiler}: ${sources.join(" ")}${library ? ` + ${library.join(" ")}` : ""}`;
}

for (const [number, each] of CASES.entries()) {
  test(title(each), { skip: missing(each) }, () => {
    compare(each, number);
  });
}

const foreign = process.platform !== "linux" || process.arch !== "x64";
for (const [index, compiler] of PROGRAMS.entries()) {
  const each: Case = { layout: "program", compiler, sources: ["hello.c", "words.cpp"] };
  const skip = missing(each) || (foreign && "this is not Linux on x86-64");
  test(`a program for Linux runs: ${compiler}`, { skip }, () => {
    const program = compare(each, CASES.length + index);
    chmodSync(program, 0o755);
    const { stdout, status } = spawnSync(program, { encoding: "utf8" });
    assert.equal(stdout, "hello from our linker\n");
    assert.equal(status, STATUS);
  });
}

/** Links with both; returns the file that we made. */
function compare({ layout: name, compiler, sources, library }: Case, number: number): string {
  const layout: Layout = { ...LAYOUTS[name], machine: "x86-64", debug: false };
  const paths = sources.map((source) => compiled(source, compiler));
  if (library) {
    const members = library.map((source) => compiled(source, compiler));
    const archive = join(directory, `lib${number}.a`);
    run("ar", "rcs", archive, ...members);
    paths.push(archive);
  }
  const script = join(directory, `${number}.ld`);
  const theirs = join(directory, `${number}.elf`);
  writeFileSync(script, writeLinkerScript(resolveLayout(layout), "bfd"));
  const gc = layout.gcSections ? ["--gc-sections"] : [];
  const options = ["-m", "elf_x86_64", "-z", "max-page-size=4096", "--no-warn-rwx-segments"];
  run("ld", ...options, ...gc, "-T", script, "-o", theirs, ...paths);
  const inputs = paths.map((path) => readInput(readFileSync(path), path));
  const scripted = linkByScript({
    inputs,
    script: parseScript(readFileSync(script, "utf8"), script, () => undefined),
    options: { ...DEFAULT_OPTIONS, gcSections: layout.gcSections ?? false },
    name: "kernel",
  });
  assertSame(writeProgram(scripted), readFileSync(theirs));
  const image = link(inputs, layout);
  const ours = `${theirs}.ours`;
  writeFileSync(ours, writeElf(image));
  assertSame(readFileSync(ours), readFileSync(theirs));
  return ours;
}
