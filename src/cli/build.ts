// isthmus build: compiles and links the kernel and the user programs
//
//   npx isthmus build [--force] [--output DIR] [--watch] [--json]
//
// Writes into build/ of the project: kernel.elf with DWARF, kernel.map (where everything went),
// kernel.sym (symbols by address), kernel.asm (disassembly with TypeScript lines), kernel.svg (a
// drawing of the layout), user/NAME for each program of user/programs.ts, and initramfs.cpio with
// these programs in /bin and the files of user/root. Only what changed is built again.
//
// Options
//   --force        builds everything, up to date or not
//   --output DIR   writes there instead; `run` and other commands use build/
//   --watch        builds again whenever a source changes, until ^C
//   --json         prints what was built, with times in milliseconds and sizes in bytes
//
// Example
//   $ npx isthmus build
//   built kernel in 4.1 s
//     1218940  build/kernel.elf
//      449708  build/initramfs.cpio
//   built 1 of 21
//
// Exit status: 0 built; 2 the sources have errors.

import { existsSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { buildProject } from "./build-project";
import type { Command, CommandLine } from "./command";
import type { Project } from "./project";
import { projectHere } from "./project-here";
import { print, printJson } from "./terminal";

/** The folders of a project that have sources; `src` has those of this one's toolchain. */
const SOURCES = ["kernel", "user", "src"];

export const command: Command = {
  options: {
    force: { type: "boolean" },
    output: { type: "string" },
    watch: { type: "boolean" },
    json: { type: "boolean" },
  },
  watched: () => {
    const { root } = projectHere();
    return SOURCES.map((name) => join(root, name)).filter((path) => existsSync(path));
  },
  run: build,
};

async function build(line: CommandLine): Promise<number> {
  const start = performance.now();
  const built = await buildProject(projectFor(line), { force: line.flag("force") });
  const milliseconds = Math.round(performance.now() - start);
  const files = [built.kernel, built.initramfs, ...Object.values(built.programs)].map((path) => ({
    path: relative(process.cwd(), path),
    bytes: statSync(path).size,
  }));
  if (line.flag("json")) {
    printJson({ milliseconds, units: built.units, files });
    return 0;
  }
  const count = built.units.filter((unit) => unit.built).length;
  if (count === 0) {
    print("everything is up to date");
    return 0;
  }
  for (const { path, bytes } of files) print(`${String(bytes).padStart(9)}  ${path}`);
  print(`built ${count} of ${built.units.length}`);
  return 0;
}

function projectFor(line: CommandLine): Project {
  const project = projectHere();
  const output = line.value("output");
  return output === undefined ? project : { root: project.root, output: resolve(output) };
}
