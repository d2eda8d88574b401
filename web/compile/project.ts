// Builds what edited sources change, by the same steps as `isthmus build`: the kernel's bytes are
// the same as there.

import { compileKernel, readKernel } from "../../src/cli/kernel-steps";
import { compileProgram } from "../../src/cli/program-steps";
import type { ReadSource } from "../../src/compile/assemblyscript/assemblyscript";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/output/elf-files";
import { writeElf } from "../../src/link/output/write-elf";
import { closureOf } from "./dependents";
import type { PageParts } from "./parts";
import type { BuildRequest, BuiltFile } from "./protocol";

const KERNEL_ENTRY = "kernel/main.ts";
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
  const isTouched = (entries: readonly string[]) => {
    const closure = closureOf(entries, sources);
    return edited.some((path) => closure.has(path));
  };
  const files: BuiltFile[] = [];
  // The kernel first: see edit-pane.ts.
  if (isTouched([KERNEL_ENTRY])) {
    progress("reading the kernel's sources");
    const output = readKernel(ROOT, read, {});
    progress("compiling the kernel");
    const object = compileKernel(output, {});
    progress("linking the kernel");
    const image = link([object, ...parts.kernel.assembly], parts.kernel.layout);
    files.push({ name: "kernel", bytes: elfFile(image) });
  }
  for (const { recipe, assembly } of parts.programs) {
    if (!isTouched(recipe.entries)) continue;
    progress(`compiling ${recipe.name}`);
    const { object } = compileProgram(ROOT, read, recipe);
    const image = link([object, ...assembly], { ...parts.programLayout, name: recipe.name });
    files.push({ name: recipe.name, bytes: writeElf(image, { symbols: false }) });
  }
  return files;
}
