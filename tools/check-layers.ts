// `npm run layers`: the rules of the house that a type checker does not know.
//
// Imports go down: from a floor of src/ to itself and to those below it, and in the same way
// between the rooms of a floor; never in a circle. Each violation is printed as file:line with the
// rule that it breaks and the remedy; the exit status is 1 if there is one.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Import, importCircles, importedPath, importsOf } from "./imports";

/**
 * The rooms of each folder, from the bottom to the top, as ARCHITECTURE.md draws them. Files beside
 * the rooms are on top of them all.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  src: [
    ...["base", "abi", "draw", "object", "x86", "compile", "link", "image"],
    ...["machine", "inspect", "trace", "guest", "cli"],
  ],
  "src/compile": [
    ...["wasm", "assemblyscript", "ir", "code", "runtime"],
    ...["translate", "passes", "select", "allocate", "code-passes", "emit", "debug", "targets"],
  ],
  "src/link": [
    ...["layout", "elf", "pe", "names", "input", "passes", "script", "gnu-script", "by-script"],
    ...["prove", "dwarf", "output", "check"],
  ],
  kernel: [
    ...["log", "machine", "memory", "thread", "device", "file", "terminal", "process"],
    ...["filesystem", "program", "boot", "syscall", "trap"],
  ],
  user: ["runtime", "wasi", "abuse", "shell"],
  web: [
    "machine",
    "document",
    "reference",
    "map",
    "step",
    "audit",
    "check",
    "compile",
    "edit",
    "tour",
  ],
};

const UP_REMEDY =
  "imports go down. Move what both need into the lower one, or have the upper one register a " +
  "function with the lower one (ARCHITECTURE.md, The floors)";
const CIRCLE_REMEDY = "move what they share into a file of its own, which both import";

const COLUMNS = 100;
const PRIVATE = /^\s*(constructor\()?(private|protected)\s/;
const BANNED_NAMES = /(^|[-.])(util|utils|helper|helpers|manager|misc|common)([-.]|$)/;

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** All that is wrong with these files: text by path, relative to the root, forward slashes. */
export function checkFiles(sources: ReadonlyMap<string, string>): Violation[] {
  const single = [...sources].flatMap(([path, text]) => checkFile(path, text));
  return [...single, ...checkCircles(sources)];
}

function checkFile(path: string, text: string): Violation[] {
  return [
    ...checkName(path),
    ...checkRoom(path),
    ...text
      .split("\n")
      .flatMap((line, index) => [
        ...checkColumns(path, line, index + 1),
        ...checkPrivate(path, line, index + 1),
      ]),
    ...importsOf(text).flatMap((each) => checkImport(path, each)),
  ];
}

function checkName(path: string): Violation[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!BANNED_NAMES.test(name)) return [];
  const rule = "a file is named after the one noun or pass in it; this name could mean anything";
  return [{ file: path, line: 1, rule }];
}

function checkRoom(path: string): Violation[] {
  return Object.entries(ROOMS).flatMap(([folder, rooms]) => {
    const place = placeIn(folder, path);
    if (place?.room === undefined || rooms.includes(place.room)) return [];
    const known = `${folder}/ has ${rooms.join(", ")}`;
    const rule = `${place.name} is not a room of ARCHITECTURE.md: ${known}`;
    return [{ file: path, line: 1, rule: `${rule}; add it to ROOMS in tools/check-layers.ts` }];
  });
}

function checkColumns(path: string, line: string, number: number): Violation[] {
  if (line.length <= COLUMNS || /https?:\/\/\S+$/.test(line)) return [];
  const rule = `lines have at most ${COLUMNS} columns, so that two files fit side by side`;
  return [{ file: path, line: number, rule }];
}

/** AssemblyScript, which compiles the guest's sources and the shared facts, has no #private. */
function checkPrivate(path: string, line: string, number: number): Violation[] {
  const isDialect = path.startsWith("src/") && !path.startsWith("src/abi/");
  if (!isDialect || !PRIVATE.test(line)) return [];
  return [{ file: path, line: number, rule: "a private member is written #name, all over src/" }];
}

function checkCircles(sources: ReadonlyMap<string, string>): Violation[] {
  return importCircles(sources).map(({ files, line }) => {
    const [first = ""] = files;
    const way = [...files, first].join(" -> ");
    return { file: first, line, rule: `imports go in a circle: ${way}; ${CIRCLE_REMEDY}` };
  });
}

function checkImport(path: string, each: Import): Violation[] {
  const { line, target, isType } = each;
  if (!target.startsWith(".")) return checkPackage(path, each);
  const violations: Violation[] = [];
  if (/\.[jt]s$/.test(target) && path.startsWith("src/")) {
    const rule = "imports carry no extension, because asc wants none";
    violations.push({ file: path, line, rule });
  }
  const imported = importedPath(path, target);
  const rule = foreignImport(path, imported, isType) ?? upwardImport(path, imported);
  if (rule) violations.push({ file: path, line, rule });
  return violations;
}

/** Shared facts are compiled by asc too, which knows no packages. */
function checkPackage(path: string, { line, target }: Import): Violation[] {
  const isGuest = isGuestSource(path) || path.startsWith("src/abi/");
  if (!isGuest) return [];
  const rule = `asc compiles this file, and it has no package ${target}`;
  return [{ file: path, line, rule }];
}

/** Compiled by asc to run in the guest; the others of these folders run in Node. */
function isGuestSource(path: string): boolean {
  if (!/^(kernel|user)\//.test(path)) return false;
  return !path.endsWith(".asm.ts") && !path.endsWith(".d.ts") && !runsInNode(path);
}

function runsInNode(path: string): boolean {
  return path.endsWith("/layout.ts") || path === "user/programs.ts";
}

/** The sentence that forbids an import between kernel, user programs, tools and tests. */
function foreignImport(path: string, imported: string, isType: boolean): string | undefined {
  const [from = ""] = path.split("/");
  const [to = ""] = imported.split("/");
  const isAbi = imported.startsWith("src/abi/");
  if (path.startsWith("src/abi/") && !isAbi) {
    return "src/abi/ is compiled by asc as well as tsc: it imports nothing from outside itself";
  }
  if (isGuestSource(path) && to !== from && !isAbi) {
    return `${from}/ runs in the guest: it shares with the rest only the facts of src/abi/`;
  }
  if (from === "src" && (to === "kernel" || to === "user") && !isType) {
    return "the toolchain knows no kernel: it reads a project's files by their path";
  }
  const isShipped = from === "src" || from === "kernel" || from === "user";
  if (isShipped && (to === "test" || to === "tools" || to === "bench")) {
    return `${to}/ is not in the package: what ships cannot import it`;
  }
  return undefined;
}

/** The sentence that forbids an import between two rooms of one folder. */
function upwardImport(path: string, imported: string): string | undefined {
  for (const [folder, rooms] of Object.entries(ROOMS)) {
    const own = placeIn(folder, path);
    const other = placeIn(folder, imported);
    if (!own || !other || own.room === undefined || own.room === other.room) continue;
    const isDown = other.room !== undefined && rooms.indexOf(other.room) <= rooms.indexOf(own.room);
    if (isDown) continue;
    return `${own.name} is below ${other.name}: ${UP_REMEDY}`;
  }
  return undefined;
}

interface Place {
  /** Undefined for a file beside the rooms. */
  readonly room: string | undefined;
  readonly name: string;
}

/** Where `path` is in `folder`; undefined if it is somewhere else. */
function placeIn(folder: string, path: string): Place | undefined {
  if (!path.startsWith(`${folder}/`)) return undefined;
  const [room = "", ...rest] = path.slice(folder.length + 1).split("/");
  if (rest.length === 0) return { room: undefined, name: path };
  return { room, name: `${folder}/${room}/` };
}

function trackedFiles(): string[] {
  const output = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  return output.split("\n").filter((path) => path.endsWith(".ts") || path.endsWith(".js"));
}

function readSources(paths: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>();
  for (const path of paths) {
    try {
      sources.set(path, readFileSync(path, "utf8"));
    } catch {
      // Deleted, but still in the index.
    }
  }
  return sources;
}

/** Checks the files that the command line names, or else all that git knows of. */
function main(): void {
  const named = process.argv.slice(2);
  const violations = checkFiles(readSources(named.length > 0 ? named : trackedFiles()));
  for (const { file, line, rule } of violations) {
    process.stdout.write(`${file}:${line}: ${rule}\n`);
  }
  process.exitCode = violations.length > 0 ? 1 : 0;
}

if (process.argv[1]?.endsWith("check-layers.ts")) main();
