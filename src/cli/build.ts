// isthmus build: compiles and links the kernel and the user programs
//
//   npx isthmus build [--force] [--output DIR] [--json]
//
// Writes into build/ of the project: kernel.elf with DWARF, kernel.map (where everything went),
// kernel.sym (symbols by address), kernel.asm (disassembly with TypeScript lines), kernel.svg (a
// drawing of the layout), user/NAME for each program of user/programs.ts, and initramfs.cpio with
// these programs in /bin and the files of user/root. Only what changed is built again.
//
// Options
//   --force        builds everything, up to date or not
//   --output DIR   writes there instead; `run` and other commands use build/
//   --json         prints what was built, with times in milliseconds and sizes in bytes
//
// Exit status: 0 built; 2 the sources have errors.

import { statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { buildProject } from "./build-project";
import type { Command, CommandLine } from "./command";
import type { Project } from "./project";
import { projectHere } from "./project-here";
import { print, printJson } from "./terminal";

export const command: Command = {
  options: {
    force: { type: "boolean" },
    output: { type: "string" },
    json: { type: "boolean" },
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
