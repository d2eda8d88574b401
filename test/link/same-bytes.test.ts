// Objects of gcc, clang, gas and nasm, linked by us and by GNU ld from the script that `isthmus
// script` writes: the same bytes at the same addresses, the same entry point, the same symbols.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readInput } from "../../src/link/input/read-input";
import type { Layout } from "../../src/link/layout/layout";
import { resolveLayout } from "../../src/link/layout/resolve";
import { link } from "../../src/link/link";
import { writeElf } from "../../src/link/output/write-elf";
import { writeLinkerScript } from "../../src/link/script/linker-script";
import { assertSame } from "./assert-same";
import { SOURCES, type SourceName } from "./same-bytes-sources";
import { run } from "./tools";

/** KEEP_FILES=1 in the environment keeps objects, scripts and both images for inspection. */
const KEEP = process.env.KEEP_FILES;
const directory = mkdtempSync(join(tmpdir(), "isthmus-same-"));
after(() => KEEP || rmSync(directory, { recursive: true }));

const FREESTANDING = ["-m32", "-ffreestanding", "-fno-stack-protector", "-g0"];
const GCC: Readonly<Record<string, readonly string[]>> = {
  plain: ["-O2", "-fno-pic"],
  exec: ["-O2", "-fno-pic", "-ftls-model=local-exec"],
  small: ["-Os", "-fno-pic", "-fcommon"],
  sections: ["-O1", "-fno-pic", "-ffunction-sections", "-fdata-sections"],
  none: ["-O0", "-fno-pic"],
  pic: ["-O2", "-fpic"],
  pie: ["-O1", "-fpie"],
  unwind: ["-O2", "-fno-pic", "-ffunction-sections", "-fasynchronous-unwind-tables"],
};
const CXX = ["-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit"];

/** `clang:plain` compiles with clang, `gcc:pic` with gcc as position-independent code. */
type Compiler = `${"gcc" | "clang"}:${string}`;

const objects = new Map<string, string>();

/** The object of a source, made when first needed. */
function compiled(source: SourceName, compiler: Compiler): string {
  const [program = "gcc", flags = "plain"] = compiler.split(":");
  const key = `${source.replace(/\W/g, "-")}-${program}-${flags}`;
  const known = objects.get(key);
  if (known) return known;
  const path = join(directory, source);
  const object = join(directory, `${key}.o`);
  writeFileSync(path, SOURCES[source]);
  if (source.endsWith(".nasm")) run("nasm", "-f", "elf32", path, "-o", object);
  else if (source.endsWith(".S")) run("gcc", "-m32", "-c", path, "-o", object);
  else {
    const exceptions = flags === "unwind" ? "-fexceptions" : "-fno-exceptions";
    const cxx = source.endsWith(".cpp") ? [...CXX, exceptions] : [];
    run(program, ...FREESTANDING, ...(GCC[flags] ?? []), ...cxx, "-c", path, "-o", object);
  }
  objects.set(key, object);
  return object;
}

function archive(name: string, members: readonly string[]): string {
  const path = join(directory, name);
  rmSync(path, { force: true });
  run("ar", "rcs", path, ...members);
  return path;
}

const top = { region: "top", load: "kernel" } as const;
const trampoline = (name: string) => ({ ...top, name });

/** Unwind tables and exception tables are kept. */
const UNWOUND = [
  ".text",
  ".rodata",
  { name: ".eh_frame", permissions: "r" },
  { name: ".gcc_except_table", permissions: "r" },
  ".data",
  ".bss",
] as const;

const LAYOUTS = {
  plain: {},
  collected: { gcSections: true },
  parked: {
    regions: { kernel: { start: 0x100000 }, top: { end: 0x1_0000_0000 } },
    sections: [
      ".text",
      ".rodata",
      ".data",
      ".bss",
      { ...trampoline(".shared_text"), permissions: "rx" },
      { ...trampoline(".shared_data") },
    ],
  },
  middle: {
    regions: { kernel: { start: 0x100000 }, high: { start: 0xc0000000 } },
    sections: [
      { name: ".boot", permissions: "rx", inputs: [{ sections: ".text", objects: "*start*" }] },
      { name: ".text", region: "high", load: "kernel" },
      { name: ".rodata", region: "high", load: "kernel" },
      { name: ".data", region: "high", load: "kernel" },
      { name: ".bss", region: "high", load: "kernel", align: 64, permissions: "rw" },
    ],
  },
  higher: {
    regions: { low: { start: 0x100000 }, high: { load: "low", offset: 0xc0000000 } },
    sections: [
      { name: ".text", region: "high" },
      { name: ".rodata", region: "high" },
      { name: ".data", region: "high" },
      { name: ".bss", region: "high", align: 16, permissions: "rw" },
    ],
  },
  raised: {
    regions: {
      high: { load: "low", offset: 0xc0000000, end: 0xc0400000 },
      low: { start: 0x100000 },
      top: { end: 0x1_0000_0000 },
    },
    sections: [
      {
        name: ".boot",
        region: "low",
        permissions: "rwx",
        inputs: [{ sections: ".data", objects: "*physical*" }],
      },
      { name: ".shared_text", region: "top", load: "low", permissions: "rx" },
      { name: ".text", region: "high", align: 64, permissions: "rwx" },
      { name: ".rodata", region: "high", align: 16, permissions: "rwx" },
      { name: ".late", region: "low", inputs: [".shared_data"] },
      { name: ".data", region: "high", address: 0xc0180000 },
      { name: ".bss", region: "high", align: 32 },
    ],
  },
  marked: {
    regions: { kernel: { start: 0x100000 }, high: { start: 0xc0000000 } },
    sections: [
      { name: ".text", align: 16, inputs: [".text", { symbol: "etext", align: 32 }] },
      {
        name: ".data",
        region: "high",
        load: "kernel",
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
  packed: {
    regions: { kernel: { start: 0x100000 }, high: { load: "kernel", offset: 0xc0000000 } },
    sections: [
      { name: ".boot", region: "kernel", permissions: "rx", inputs: [".multiboot"], align: 64 },
      ...[".text", ".rodata", ".data", ".bss"].map((name) => ({
        name,
        region: "high",
        align: 64,
        pad: 64,
        sharesPage: true,
      })),
    ],
  },
  threads: {
    sections: [
      ".text",
      ".rodata",
      ".tdata",
      { name: ".tbss", align: 4, permissions: "rw" },
      ".data",
      ".bss",
    ],
  },
  unflagged: {
    sections: [
      ".text",
      ".rodata",
      ".data",
      { name: ".bss", inputs: [".bss", ".bootstrap_stack", "COMMON"] },
    ],
  },
  sorted: {
    sections: [
      { name: ".text", inputs: [{ sections: [".text", ".text.*"], sort: "name" }] },
      { name: ".rodata", align: 64, permissions: "rx", inputs: [".rodata", ".rodata.*"] },
      ".data",
      { name: ".bss", align: 32 },
    ],
  },
  unwound: { sections: UNWOUND },
  unwoundCollected: { sections: UNWOUND, gcSections: true },
  together: {
    sections: [
      {
        name: ".all",
        permissions: "rwx",
        fill: 0,
        inputs: [
          ".text*",
          ".rodata*",
          ".data*",
          { sections: [".init_array", ".init_array.*"], sort: "priority" },
          ".got",
          ".got.plt",
          "table",
          ".bss*",
          "COMMON",
        ],
      },
    ],
  },
} satisfies Record<string, Layout>;

interface Case {
  readonly layout: keyof typeof LAYOUTS;
  readonly compiler: Compiler;
  readonly sources: readonly SourceName[];
  /** These go into an archive, after the others. */
  readonly library?: readonly SourceName[];
}

const C: readonly SourceName[] = ["start.c", "strings.c", "numbers.c"];
const COMPILERS: readonly Compiler[] = [
  "gcc:plain",
  "gcc:small",
  "gcc:sections",
  "gcc:none",
  "gcc:pic",
  "gcc:pie",
  "clang:plain",
  "clang:sections",
  "clang:pic",
];

const CASES: readonly Case[] = [
  ...COMPILERS.flatMap((compiler): Case[] => [
    { layout: "plain", compiler, sources: C },
    { layout: "together", compiler, sources: [...C, "cross.S"] },
    { layout: "plain", compiler, sources: ["start.c", "classes.cpp", "inline.cpp"] },
  ]),
  { layout: "collected", compiler: "gcc:sections", sources: [...C, "unused.c"] },
  { layout: "collected", compiler: "clang:sections", sources: [...C, "unused.c"] },
  { layout: "collected", compiler: "gcc:pic", sources: ["start.c", "classes.cpp", "inline.cpp"] },
  ...(["gcc:unwind", "gcc:none", "gcc:pic", "clang:unwind"] as const).flatMap(
    (compiler): Case[] => [
      { layout: "unwound", compiler, sources: C },
      { layout: "unwound", compiler, sources: ["start.c", "classes.cpp", "inline.cpp"] },
      { layout: "unwoundCollected", compiler, sources: [...C, "unused.c"] },
      { layout: "unwoundCollected", compiler, sources: ["start.c", "classes.cpp", "inline.cpp"] },
    ],
  ),
  { layout: "unwound", compiler: "gcc:unwind", sources: ["start.c", "throws.cpp", "inline.cpp"] },
  { layout: "unwoundCollected", compiler: "gcc:unwind", sources: ["start.c", "throws.cpp"] },
  { layout: "unwoundCollected", compiler: "clang:unwind", sources: ["start.c", "throws.cpp"] },
  { layout: "parked", compiler: "gcc:plain", sources: [...C, "trampoline.S"] },
  { layout: "parked", compiler: "clang:plain", sources: ["trampoline.S", ...C] },
  { layout: "parked", compiler: "gcc:plain", sources: ["start.c", "nasm.nasm", "trampoline.S"] },
  { layout: "middle", compiler: "gcc:plain", sources: C },
  { layout: "middle", compiler: "gcc:pic", sources: ["start.c", "classes.cpp", "inline.cpp"] },
  { layout: "higher", compiler: "gcc:plain", sources: ["physical.S", "strings.c", "numbers.c"] },
  { layout: "unflagged", compiler: "gcc:plain", sources: ["unflagged.S", "numbers.c"] },
  {
    layout: "raised",
    compiler: "gcc:plain",
    sources: ["physical.S", "trampoline.S", ...C.slice(1)],
  },
  { layout: "raised", compiler: "gcc:pic", sources: ["physical.S", "numbers.c", "trampoline.S"] },
  { layout: "packed", compiler: "gcc:plain", sources: C },
  { layout: "packed", compiler: "clang:sections", sources: C },
  { layout: "threads", compiler: "gcc:exec", sources: ["threads.c", "more-threads.c"] },
  { layout: "threads", compiler: "gcc:exec", sources: ["more-threads.c", "threads.c"] },
  { layout: "threads", compiler: "clang:exec", sources: ["threads.c", "more-threads.c"] },
  { layout: "marked", compiler: "gcc:plain", sources: [...C, "marked.S"] },
  { layout: "marked", compiler: "gcc:small", sources: ["marked.S", ...C] },
  { layout: "sorted", compiler: "gcc:sections", sources: ["start.c", "strings.c", "nasm.nasm"] },
  { layout: "sorted", compiler: "clang:sections", sources: ["inline.cpp", "classes.cpp", ...C] },
  { layout: "plain", compiler: "gcc:plain", sources: ["start.c", "real.S", "nasm.nasm"] },
  { layout: "together", compiler: "gcc:none", sources: ["start.c", "table.c", "weak.c"] },
  { layout: "plain", compiler: "gcc:plain", sources: ["start.c", "weak.c", "strong.c"] },
  { layout: "plain", compiler: "gcc:small", sources: ["start.c", "common-a.c", "common-b.c"] },
  {
    layout: "plain",
    compiler: "gcc:plain",
    sources: ["start.c"],
    library: ["strings.c", "weak.c"],
  },
  {
    layout: "plain",
    compiler: "gcc:pic",
    sources: ["start.c"],
    library: ["unused.c", "numbers.c", "strings.c", "nasm.nasm"],
  },
  {
    layout: "collected",
    compiler: "clang:pic",
    sources: ["start.c", "strings.c"],
    library: ["unused.c", "numbers.c"],
  },
];

/** A reason to skip: CI is certain to have only gcc and binutils. */
function missing({ compiler, sources, library = [] }: Case): string | false {
  const wanted = ["gcc", "ld", ...(compiler.startsWith("clang") ? ["clang"] : [])];
  if ([...sources, ...library].some((name) => name.endsWith(".nasm"))) wanted.push("nasm");
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
  test(title(each), { skip: missing(each) }, () => compare(each, number));
}

function compare({ layout: name, compiler, sources, library }: Case, number: number): void {
  const layout: Layout = { ...LAYOUTS[name], debug: false };
  const paths = sources.map((source) => compiled(source, compiler));
  if (library) {
    const members = library.map((source) => compiled(source, compiler));
    paths.push(archive(`lib${number}.a`, members));
  }
  const script = join(directory, `${number}.ld`);
  const theirs = join(directory, `${number}.elf`);
  writeFileSync(script, writeLinkerScript(resolveLayout(layout), "bfd"));
  const gc = layout.gcSections ? ["--gc-sections"] : [];
  run(
    "ld",
    "-m",
    "elf_i386",
    "--no-warn-rwx-segments",
    ...gc,
    "-T",
    script,
    "-o",
    theirs,
    ...paths,
  );
  const image = link(
    paths.map((path) => readInput(readFileSync(path), path)),
    layout,
  );
  if (KEEP) writeFileSync(`${theirs}.ours`, writeElf(image));
  assertSame(writeElf(image), readFileSync(theirs));
}
