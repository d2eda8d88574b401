// Builds a program three times: its C by GCC and by Clang, its TypeScript by our compiler.
//
// Our linker links all three with the same driver by the same layout, so that they differ in
// nothing but the code that the compilers made.
//
// Rivals compile for what a kernel on an i686 allows: -O2 without SSE and without position
// independence. Programs with floating-point numbers may use SSE2 in all three builds.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Diagnostic } from "../../src/base/diagnostic";
import {
  type AssemblyScriptOutput,
  compileAssemblyScript,
} from "../../src/compile/assemblyscript/assemblyscript";
import { compileModule } from "../../src/compile/compile";
import type { Optimisation } from "../../src/compile/pipeline";
import { readElfObject } from "../../src/link/input/elf-object";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import type { LinkedImage } from "../../src/link/passes/image";
import type { ObjectFile } from "../../src/object/object";
import { DRIVER, driver } from "./driver";
import type { BenchProgram } from "./programs";

export const COMPILERS = ["gcc", "clang", "isthmus"] as const;
export type CompilerName = (typeof COMPILERS)[number];

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const SOURCES = "bench/codegen";

/** Where asc puts static data: its addresses are in the code. */
const DATA = 0x0018_0000;

const layout: Layout = {
  name: "program",
  boot: "multiboot",
  stackHeader: true,
  gcSections: true,
  discard: [".note*", ".comment*", ".eh_frame*"],
  regions: { program: { start: 0x0010_0000, end: 0x0200_0000 } },
  sections: [
    { name: ".driver", permissions: "rx", keep: true },
    { name: ".text", pack: true },
    { name: ".rodata" },
    {
      name: ".globals",
      inputs: [
        { sections: [".data", ".data.*"], fixed: false },
        { sections: [".bss", ".bss.*"], fixed: false },
      ],
      end: DATA,
    },
    { name: ".data", address: DATA, inputs: [{ sections: "*", fixed: true }] },
    { name: ".arena" },
  ],
};

const FLAGS = ["-m32", "-O2", "-ffreestanding", "-fno-pic", "-fno-stack-protector"];
const FLAGS_NO_UNWINDING = ["-fno-asynchronous-unwind-tables", "-fcf-protection=none"];
const INTEGER_FLAGS = ["-march=i686", "-mno-sse"];
const FLOAT_FLAGS = ["-march=pentium4", "-msse2", "-mfpmath=sse"];

/** The program by that compiler. @throws Diagnostics of our compiler; BENCH002 of the others */
export function build(program: BenchProgram, compiler: CompilerName): LinkedImage {
  const object = compiler === "isthmus" ? compileOurs(program, []) : compileC(program, compiler);
  return link([driver(program.rounds), object], layout, { name: `${program.name}-${compiler}` });
}

/** The program by our compiler with some of its optimisations left out. */
export function buildWithout(program: BenchProgram, without: readonly Optimisation[]): LinkedImage {
  const name = `${program.name}-without-${without.join("-") || "nothing"}`;
  return link([driver(program.rounds), compileOurs(program, without)], layout, { name });
}

/** The code of the program itself and of what its compiler added. */
export function textBytes(image: LinkedImage): number {
  const functions = image.functions.filter(({ input }) => input.object.name !== DRIVER);
  const sizes = new Map(functions.map(({ address, size }) => [address, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** The front end's output for each program; it takes longer than everything after it. */
const modules = new Map<string, AssemblyScriptOutput>();

function compileOurs({ name, floats }: BenchProgram, without: readonly Optimisation[]): ObjectFile {
  const target = floats ? "user" : "kernel";
  const compiled =
    modules.get(name) ??
    compileAssemblyScript({
      root: ROOT,
      entries: [`${SOURCES}/${name}.ts`],
      target,
      runtime: "stub",
      memoryBase: DATA,
      assertions: false,
    });
  modules.set(name, compiled);
  return compileModule(compiled.module, {
    target,
    name: `${name}.ts`,
    sourceMap: compiled.sourceMap,
    data: { start: DATA, end: compiled.dataEnd },
    without,
  });
}

/** C to one object; the functions that 64-bit arithmetic calls are from GCC's library. */
function compileC({ name, floats }: BenchProgram, compiler: "gcc" | "clang"): ObjectFile {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  try {
    const compiled = join(folder, "compiled.o");
    const complete = join(folder, "complete.o");
    const flags = [...FLAGS, ...FLAGS_NO_UNWINDING, ...(floats ? FLOAT_FLAGS : INTEGER_FLAGS)];
    const source = join(ROOT, SOURCES, `${name}.c`);
    runTool(
      compiler,
      [...flags, "-Wall", "-Wextra", "-Werror", "-c", source, "-o", compiled],
      source,
    );
    runTool("gcc", ["-m32", "-r", "-nostdlib", compiled, "-lgcc", "-o", complete], source);
    return readElfObject(readFileSync(complete), `${name}.c`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runTool(tool: string, parameters: readonly string[], source: string): void {
  const { status, stderr, error } = spawnSync(tool, parameters, { encoding: "utf8" });
  if (status === 0) return;
  throw new Diagnostic(
    "BENCH002",
    `${tool} failed: ${(error?.message ?? stderr).trim()}`,
    `Run \`${tool} ${parameters.join(" ")}\`; 32-bit code needs gcc-multilib.`,
    { file: source },
  );
}
