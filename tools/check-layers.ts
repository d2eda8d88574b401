// `npm run layers`: the rules of the house that a type checker does not know.
//
// Prints each violation as file:line with the sentence that explains the rule; exit status 1 if
// there is one. The floors are those of ARCHITECTURE.md.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const FLOORS = ["base", "abi", "object", "x86", "compile", "link", "machine", "inspect", "cli"];
/** Rooms of a floor, in order: each uses those before it; files beside the rooms use all. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  compile: [
    ...["wasm", "assemblyscript", "ir", "code", "runtime"],
    ...["translate", "passes", "select", "allocate", "emit", "debug"],
  ],
};
const COLUMNS = 100;
const BANNED_NAMES = /(^|[-.])(util|utils|helper|helpers|manager|misc|common)([-.]|$)/;
const IMPORT = /^\s*(?:import|export)\b(\s+type\b)?.*?\bfrom\s+["']([^"']+)["']/;
const IMPORT_END = /^\}\s*from\s+["']([^"']+)["']/;
const DYNAMIC_IMPORT = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

interface Import {
  readonly line: number;
  readonly target: string;
  /** `import type`: erased before anything runs. */
  readonly isType: boolean;
}

/** All that is wrong with one file; `path` is relative to the root, with forward slashes. */
export function checkFile(path: string, text: string): Violation[] {
  const lines = text.split("\n");
  return [
    ...checkName(path),
    ...lines.flatMap((line, index) => checkColumns(path, line, index + 1)),
    ...importsOf(lines).flatMap((each) => checkImport(path, each)),
  ];
}

function checkName(path: string): Violation[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!BANNED_NAMES.test(name)) return [];
  const rule = "a file is named after the one noun or pass in it; this name could mean anything";
  return [{ file: path, line: 1, rule }];
}

function checkColumns(path: string, line: string, number: number): Violation[] {
  if (line.length <= COLUMNS || /https?:\/\/\S+$/.test(line)) return [];
  const rule = `lines have at most ${COLUMNS} columns, so that two files fit side by side`;
  return [{ file: path, line: number, rule }];
}

/** The imports of a module by line; an import over several lines counts at its last. */
function importsOf(lines: readonly string[]): Import[] {
  const imports: Import[] = [];
  let isType = false;
  for (const [index, text] of lines.entries()) {
    if (/^(import|export)\b/.test(text)) isType = /^(import|export)\s+type\b/.test(text);
    const target = IMPORT.exec(text)?.[2] ?? IMPORT_END.exec(text)?.[1];
    if (target !== undefined) imports.push({ line: index + 1, target, isType });
    for (const match of text.matchAll(DYNAMIC_IMPORT)) {
      imports.push({ line: index + 1, target: match[1] ?? "", isType: false });
    }
  }
  return imports;
}

function checkImport(path: string, each: Import): Violation[] {
  const { line, target, isType } = each;
  if (!target.startsWith(".")) return checkPackage(path, each);
  const violations: Violation[] = [];
  if (/\.[jt]s$/.test(target) && path.startsWith("src/")) {
    const rule = "imports carry no extension, because asc wants none";
    violations.push({ file: path, line, rule });
  }
  const rule = brokenRule(path, normalize(join(dirname(path), target)), isType);
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
  return path.endsWith("/layout.ts") || path === "user/programs.ts" || path.endsWith(".asm.ts");
}

/** The sentence that forbids an import between two rooms of one floor. */
function brokenRoom(from: readonly string[], to: readonly string[]): string | undefined {
  const rooms = ROOMS[from[1] ?? ""];
  if (!rooms || from[1] !== to[1] || from.length < 4) return undefined;
  const own = rooms.indexOf(from[2] ?? "");
  const other = to.length < 4 ? rooms.length : rooms.indexOf(to[2] ?? "");
  if (own < 0) return `src/${from[1]}/${from[2]}/ is no room of ARCHITECTURE.md`;
  if (other >= 0 && other <= own) return undefined;
  return `${from.slice(1, 3).join("/")}/ comes before what it imports: see ARCHITECTURE.md`;
}

/** The sentence that forbids `path` to import `target`; undefined if it may. */
function brokenRule(path: string, target: string, isType: boolean): string | undefined {
  const from = path.split("/");
  const to = target.split("/");
  if (isGuestSource(path)) {
    const own = to[0] === from[0];
    const shared = to[0] === "src" && to[1] === "abi";
    if (own || shared) return undefined;
    return `${from[0]}/ runs in the guest: it shares with the rest only the facts of src/abi/`;
  }
  if (from[0] !== "src" || to[0] !== "src") {
    const isForeign = from[0] === "src" && (to[0] === "kernel" || to[0] === "user");
    if (!isForeign || isType) return undefined;
    return "the toolchain knows no kernel: it reads a project's files by their path";
  }
  // What the package exports: of all floors that need no Node.
  if (path === "src/index.ts") return undefined;
  const behind = brokenRoom(from, to);
  if (behind) return behind;
  const own = FLOORS.indexOf(from[1] ?? "");
  const other = FLOORS.indexOf(to[1] ?? "");
  if (own < 0) return `src/${from[1]}/ is no floor of ARCHITECTURE.md`;
  if (other <= own) return undefined;
  const floors = `src/${from[1]}/ is above src/${to[1]}/`;
  return `${floors}: a floor imports only from its own and those above`;
}

function trackedFiles(): string[] {
  const output = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  return output.split("\n").filter((path) => path.endsWith(".ts") || path.endsWith(".js"));
}

/** Checks the files that the command line names, or else all that git knows of. */
function main(): void {
  const named = process.argv.slice(2);
  const violations = (named.length > 0 ? named : trackedFiles()).flatMap((path) => {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      return []; // deleted, but still in the index
    }
    return checkFile(path, text);
  });
  for (const { file, line, rule } of violations) {
    process.stdout.write(`${file}:${line}: ${rule}\n`);
  }
  process.exitCode = violations.length > 0 ? 1 : 0;
}

if (process.argv[1]?.endsWith("check-layers.ts")) main();
