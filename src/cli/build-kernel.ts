// Builds the kernel of a project: AssemblyScript, assembly, layout; to build/kernel.elf and the
// files beside it. Runs in a build worker.

import { KERNEL_DATA } from "../abi/memory-map";
import { type AssemblyScriptOptions, compileAssemblyScript } from "../compile/assemblyscript";
import { compileModule } from "../compile/compile";
import type { Layout } from "../link/layout";
import { link } from "../link/link";
import { writeOutputs } from "../link/write-outputs";
import { assemble, assemblySources } from "./build-assembly";
import type { BuildOutcome } from "./build-task";
import type { Project } from "./project";
import { importExport } from "./project-module";
import { SourceLog } from "./source-log";

const ENTRY = "kernel/main.ts";
const LAYOUT = "kernel/layout.ts";
/** The function that failed assertions call. */
const ABORT = "kernel/debug/abort/abort";

/** @throws Diagnostics of every pass */
export async function buildKernel({ root, output }: Project): Promise<BuildOutcome> {
  const log = new SourceLog(root);
  const assembly = assemblySources(root, "kernel");
  log.noteModules([...assembly, LAYOUT]);
  const options: AssemblyScriptOptions = {
    root,
    entries: [ENTRY],
    target: "kernel",
    runtime: "stub",
    memoryBase: KERNEL_DATA,
    abort: ABORT,
  };
  const compiledSources = compileAssemblyScript(options, log.read);
  const { wasm, module, sourceMap, facts, warnings, dataEnd } = compiledSources;
  const compiled = compileModule(module, {
    target: "kernel",
    name: "kernel.wasm",
    sourceMap,
    facts,
    data: { start: KERNEL_DATA, end: dataEnd },
  });
  const assembled = await Promise.all(assembly.map((path) => assemble(root, path)));
  const layout = await importExport<Layout>(root, LAYOUT, "layout");
  const image = link([compiled, ...assembled], layout);
  return {
    title: "kernel",
    outputs: writeOutputs(image, output),
    sources: log.hashes,
    warnings: [...warnings, ...image.warnings],
    wasmBytes: wasm.length,
  };
}
