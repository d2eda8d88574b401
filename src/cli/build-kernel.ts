// Builds the kernel of a project from AssemblyScript, assembly and layout: build/kernel.elf and the
// files beside it. Runs in a build worker.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../base/diagnostic";
import type { ReadSource } from "../compile/assemblyscript/assemblyscript";
import type { Layout } from "../link/layout/layout";
import { link } from "../link/link";
import { outputFiles } from "../link/output/write-outputs";
import type { LinkedImage } from "../link/passes/image";
import type { ObjectFile } from "../object/object";
import { assemble, assemblySources } from "./build-assembly";
import type { BuildOutcome } from "./build-task";
import { compileKernel, type KernelMode, readKernel } from "./kernel-steps";
import type { Project } from "./project";
import { importExport } from "./project-module";
import { replaceFile } from "./replace-file";
import { SourceLog } from "./source-log";
import { SYSTEM_CALLS_FILE, servedCalls } from "./system-calls-file";

const LAYOUT = "kernel/layout.ts";

/** What the kernel is linked from. */
export interface KernelParts {
  readonly objects: readonly ObjectFile[];
  readonly layout: Layout;
  readonly warnings: readonly Diagnostic[];
  readonly wasm: Uint8Array;
}

/** @throws Diagnostics of every pass */
export async function buildKernel({ root, output }: Project): Promise<BuildOutcome> {
  const log = new SourceLog(root);
  const { objects, layout, warnings, wasm } = await kernelParts(root, log);
  const image = link(objects, layout);
  return {
    title: "kernel",
    outputs: [...writeImage(image, output), ...writeSystemCalls(wasm, output)],
    sources: log.hashes,
    warnings: [...warnings, ...image.warnings],
    wasmBytes: wasm.length,
  };
}

/** Writes the files of an image, each whole or not at all; returns their paths. */
function writeImage(image: LinkedImage, directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  return [...outputFiles(image)].map(([name, content]) => {
    const path = join(directory, name);
    replaceFile(path, content);
    return path;
  });
}

/** Writes which system calls the kernel serves, if it says so: the file's path, or none. */
function writeSystemCalls(wasm: Uint8Array, output: string): string[] {
  const path = join(output, SYSTEM_CALLS_FILE);
  const calls = servedCalls(wasm);
  rmSync(path, { force: true });
  if (calls === undefined) return [];
  replaceFile(path, `${JSON.stringify(calls, undefined, 2)}\n`);
  return [path];
}

/**
 * Compiles and assembles the kernel of the project at `root`, and notes in `log` what was read.
 * `read` gives the text of a source: a test's, with changes of its own.
 *
 * @throws Diagnostics of every pass but the linker's
 */
export async function kernelParts(
  root: string,
  log: SourceLog,
  mode: KernelMode = {},
  read: ReadSource = log.read,
): Promise<KernelParts> {
  const output = readKernel(root, read, mode);
  const assembled = await assembleKernel(root, log);
  const layout = await importExport<Layout>(root, LAYOUT, "layout");
  const { warnings, wasm } = output;
  const objects = [compileKernel(output, mode), ...assembled];
  return { objects, layout, warnings, wasm };
}

/** The objects of the kernel's assembly modules. */
export function assembleKernel(root: string, log: SourceLog): Promise<ObjectFile[]> {
  const assembly = assemblySources(root, "kernel");
  log.noteModules([...assembly, LAYOUT]);
  return Promise.all(assembly.map((path) => assemble(root, path)));
}
