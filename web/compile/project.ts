// Builds what edited sources change, by the same steps as `isthmus build`: the kernel's bytes are
// the same as there.

import { compileKernel, readKernel } from "../../src/cli/kernel-steps";
import { compileProgram } from "../../src/cli/program-steps";
import type { ReadSource } from "../../src/compile/assemblyscript/assemblyscript";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/output/elf-files";
import { writeElf } from "../../src/link/output/write-elf";
import type { ObjectFile } from "../../src/object/object";
import { closureOf } from "./dependents";
import { Evaluator } from "./evaluate";
import type { PageParts } from "./parts";
import type { BuildRequest, BuiltFile } from "./protocol";

const KERNEL_ENTRY = "kernel/main.ts";
const KERNEL_LAYOUT = "kernel/layout.ts";
const PROGRAM_LAYOUT = "user/layout.ts";
/** Paths are relative to it; there is no disk. */
const ROOT = "/";

/**
 * Builds the kernel, if an edited source is one of its own, and each program of which one is.
 *
 * @throws Diagnostics of every pass
 */
export function buildEdited(
  { sources, edited }: BuildRequest,
  parts: PageParts,
  progress: (text: string) => void,
): BuiltFile[] {
  const read: ReadSource = (path) => sources.get(path);
  const evaluator = new Evaluator(sources);
  const isTouched = (entries: readonly string[]) => {
    const closure = closureOf(entries, sources);
    return edited.some((path) => closure.has(path));
  };
  /** Objects of assembly: what was shipped, or what it is now. */
  const assembled = (shipped: readonly ObjectFile[]) =>
    shipped.map((object) => (isTouched([object.name]) ? evaluator.assemble(object.name) : object));
  const layoutOf = (path: string, shipped: Layout) =>
    isTouched([path]) ? evaluator.layout(path) : shipped;
  const files: BuiltFile[] = [];
  const { assembly, layout: shippedLayout } = parts.kernel;
  if (isTouched([KERNEL_ENTRY, KERNEL_LAYOUT, ...assembly.map(({ name }) => name)])) {
    progress("reading the kernel's sources");
    const output = readKernel(ROOT, read, {});
    progress("compiling the kernel");
    const object = compileKernel(output, {});
    progress("linking the kernel");
    const layout = layoutOf(KERNEL_LAYOUT, shippedLayout);
    const image = link([object, ...assembled(assembly)], layout);
    const isShipped = layout === shippedLayout;
    files.push({ name: "kernel", bytes: elfFile(image), ...(!isShipped && { layout }) });
  }
  for (const { recipe, assembly } of parts.programs) {
    if (!isTouched([...recipe.entries, ...recipe.assembly, PROGRAM_LAYOUT])) continue;
    progress(`compiling ${recipe.name}`);
    const { object } = compileProgram(ROOT, read, recipe);
    const layout = layoutOf(PROGRAM_LAYOUT, parts.programLayout);
    const image = link([object, ...assembled(assembly)], { ...layout, name: recipe.name });
    files.push({ name: recipe.name, bytes: writeElf(image, { symbols: false }) });
  }
  return files;
}
