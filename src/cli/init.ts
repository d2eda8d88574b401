// isthmus init: makes a new kernel, to build and boot at once
//
//   npx isthmus init NAME [--language typescript|c|c++|rust] [--json]
//
// Makes the folder NAME with a kernel that has an address space of its own, one user program with
// another, and between them a trampoline at the end of both: sources, layout, a Makefile or npm
// scripts, and the tasks and the launch configuration of VS Code. It says something on serial line
// and screen, passes `isthmus check`, and stops under gdb. NAME may be `.`; the folder must be
// empty, but for a .git.
//
// Options
//   --language NAME    what it is written in: typescript (the default), which needs nothing but
//                      Node; c or c++, with gcc; rust, with rustc and its core library for i386
//   --json             prints one JSON document: folder, language, files
//
// Example
//   $ npx isthmus init hello --language c
//   made hello, a kernel in C: 11 files
//   next: cd hello && make run
//
// Exit status: 0 made; 2 the folder is not empty, or cannot be written.

import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join, relative, resolve } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { type Command, type CommandLine, UsageError } from "./command";
import { INSTALLATION } from "./installation";
import { kernelFiles, LANGUAGES, RECIPES } from "./kernel-template";
import { replaceFile } from "./replace-file";
import { print, printJson } from "./terminal";

const NAMES_SHOWN = 5;

export const command: Command = {
  options: { language: { type: "string", choices: LANGUAGES }, json: { type: "boolean" } },
  operands: 1,
  run: init,
};

async function init(line: CommandLine): Promise<number> {
  const [operand] = line.operands;
  const language = line.choice("language", LANGUAGES);
  if (operand === undefined) throw new UsageError("init needs the name of a folder to make");
  const folder = resolve(operand);
  refuseFull(operand, folder);
  const { run, title, first } = RECIPES[language];
  const isFound = isInPath() || isBeside(folder) || (run === "make" && isInstallations(folder));
  // Without a package.json here, npm would install into a folder above.
  const here = run === "make" ? "--prefix . " : "";
  const install = isFound ? undefined : `npm install ${here}${shellWord(INSTALLATION)}`;
  const files = kernelFiles({ language, name: basename(folder), install });
  for (const [path, text] of files) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    replaceFile(join(folder, path), text);
  }
  if (line.flag("json")) {
    printJson({ folder, language, files: [...files.keys()] });
    return 0;
  }
  const place = relative(process.cwd(), folder);
  print(`made ${place || "."}, a kernel in ${title}: ${files.size} files`);
  const steps = [
    ...(place ? [`cd ${shellWord(place)}`] : []),
    ...(install ? [install] : []),
    first,
  ];
  print(`next: ${steps.join(" && ")}`);
  return 0;
}

/** @throws Diagnostic CLI020 if there is something at the place of the new folder */
function refuseFull(name: string, folder: string): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    throw new Diagnostic("CLI020", `${name} is a file`, "Name a folder that is not there yet");
  }
  const names = readdirSync(folder).filter((each) => each !== ".git");
  if (names.length === 0) return;
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  const more = names.length > NAMES_SHOWN ? ", …" : "";
  throw new Diagnostic(
    "CLI020",
    `${name} is not empty: it has ${shown}${more}`,
    "Name an empty folder, or one that is not there yet",
  );
}

/** Whether `isthmus` is a command, other than in a node_modules that npx has put in the PATH. */
function isInPath(): boolean {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = process.platform === "win32" ? ["isthmus.cmd"] : ["isthmus"];
  return folders
    .filter((folder) => !folder.split(/[\\/]/).includes("node_modules"))
    .some((folder) => names.some((name) => existsSync(join(folder, name))));
}

/** Whether npx finds `isthmus` from a folder: in its own node_modules, or in those above. */
function isBeside(folder: string): boolean {
  const above = dirname(folder);
  const command = join(folder, "node_modules", ".bin", "isthmus");
  return existsSync(command) || (above !== folder && isBeside(above));
}

/** Whether a folder is in this clone, whose own command npx finds there; npm's scripts do not. */
function isInstallations(folder: string): boolean {
  return !relative(INSTALLATION, folder).startsWith("..");
}

/** A word as a shell takes it. */
function shellWord(text: string): string {
  return /^[\w./+@:\\-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
