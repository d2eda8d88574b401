// Judges whether a guest can run a program, before it boots: the same questions as execve's, with
// answers for people.
//
//   the program -> a script's interpreter, and its -> an ELF file -> the interpreter that it names
//
// What passes here may still be refused by the kernel, for a segment that is writable and
// executable, say; process 1 reports that.

import { Diagnostic } from "../base/diagnostic";
import { nearestName } from "../base/nearest-name";
import { bytesOfText, guestPath, nameOf, parentOf, textOfBytes } from "./byte-path";
import { CannotRun, elfInterpreter, requireOurMachine } from "./elf-program";
import { readContents } from "./pack-tree";
import type { Tree, TreeFile } from "./tree";

const STATUS_NOT_FOUND = 127;
const ANY_EXECUTE = 0o111;
/** As many as the kernel follows. */
const SCRIPTS_MAX = 5;
/** The kernel reads as much of a script's first line. */
const SCRIPT_LINE_MAX = 256;

/** Where a program is to run, and where names are looked for. */
export interface ProgramPlace {
  readonly tree: Tree;
  /** The directory to start in, as text. */
  readonly directory: string;
  readonly searchPath: readonly string[];
}

/**
 * The path, as text, of the program that `name` means.
 *
 * @throws CannotRun if it cannot run
 */
export function findProgram(name: string, place: ProgramPlace): string {
  const path = name.includes("/") ? absolute(place.directory, name) : search(name, place);
  judge(place, path, path, 0);
  return path;
}

/** @throws Diagnostic GUEST004 if the guest has no such directory */
export function requireDirectory(tree: Tree, directory: string): void {
  const found = tree.resolve(bytesOfText(directory));
  if ("file" in found && found.file.kind === "directory") return;
  const what = "file" in found ? "is not a directory" : "is not in the guest's files";
  throw new Diagnostic(
    "GUEST004",
    `--cwd ${directory} ${what}`,
    suggestion(tree, "missing" in found ? found.missing : "") ?? "Name a directory of the guest",
  );
}

function absolute(directory: string, name: string): string {
  return name.startsWith("/") ? name : `${directory.replace(/\/$/, "")}/${name}`;
}

function search(name: string, { tree, searchPath, directory }: ProgramPlace): string {
  let refused: string | undefined;
  for (const folder of searchPath) {
    const path = absolute(absolute(directory, folder), name);
    const found = tree.resolve(bytesOfText(path));
    if (!("file" in found) || found.file.kind !== "file") continue;
    if ((found.file.mode & ANY_EXECUTE) !== 0) return path;
    refused ??= path;
  }
  if (refused !== undefined) return refused; // judge() says why not
  const near = nearestName(name, programsIn(tree, searchPath));
  throw new CannotRun(
    "GUEST010",
    `there is no program ${name} in ${searchPath.join(":")} of the guest`,
    near === undefined ? "Name its path, or bring it with --bind" : `Did you mean ${near}?`,
    STATUS_NOT_FOUND,
  );
}

function programsIn(tree: Tree, folders: readonly string[]): string[] {
  const resolved = folders.map((folder) => tree.resolve(bytesOfText(folder)));
  const paths = new Set(resolved.flatMap((found) => ("file" in found ? [found.file.path] : [])));
  return [...tree.files()]
    .filter(({ path, kind }) => kind !== "directory" && paths.has(parentOf(path)))
    .map(({ path }) => textOfBytes(nameOf(path)));
}

/** Throws if `path` cannot run, which is wanted for `program`: itself, or what runs it. */
function judge(place: ProgramPlace, path: string, program: string, depth: number): void {
  const file = requireFile(place.tree, path, program);
  requireExecutable(file, path);
  const bytes = readContents(file);
  if (bytes[0] === 0x23 && bytes[1] === 0x21) {
    if (depth === SCRIPTS_MAX) {
      throw new CannotRun(
        "GUEST014",
        `${path}: more than ${SCRIPTS_MAX} scripts run each other`,
        "Name a program after #! in one of them",
      );
    }
    judge(place, absolute(place.directory, scriptInterpreter(bytes, path)), path, depth + 1);
    return;
  }
  requireOurMachine(bytes, path);
  const named = elfInterpreter(bytes, path);
  if (named === undefined) return;
  const interpreter = textOfBytes(named);
  const found = requireFile(place.tree, interpreter, path, interpreterRemedy(interpreter));
  requireExecutable(found, interpreter);
  requireOurMachine(readContents(found), interpreter);
}

function requireFile(tree: Tree, path: string, program: string, remedy?: string): TreeFile {
  const found = tree.resolve(bytesOfText(path));
  if ("file" in found) {
    if (found.file.kind === "file") return found.file;
    throw new CannotRun("GUEST011", `${path} is not a file`, "Name a program");
  }
  const isProgram = path === program;
  const missing = "missing" in found ? found.missing : path;
  const isLink = guestPath(missing) !== path && "missing" in found;
  const via = isLink ? `, as there is no ${guestPath(missing)}` : "";
  throw new CannotRun(
    isProgram ? "GUEST010" : "GUEST013",
    isProgram
      ? `there is no ${path} in the guest's files${via}`
      : `${program} needs ${path} to run it, and the guest does not have that${via}`,
    remedy ?? suggestion(tree, missing) ?? "Bring it with --bind HOST:GUEST",
    STATUS_NOT_FOUND,
  );
}

/** The name beside a missing path that was probably meant. */
function suggestion(tree: Tree, missing: string): string | undefined {
  const folder = parentOf(missing);
  const names = [...tree.files()]
    .filter(({ path }) => path !== "" && parentOf(path) === folder)
    .map(({ path }) => textOfBytes(nameOf(path)));
  const near = nearestName(textOfBytes(nameOf(missing)), names);
  if (near === undefined) return undefined;
  return `Did you mean ${guestPath(folder).replace(/\/$/, "")}/${near}?`;
}

function requireExecutable({ mode }: TreeFile, path: string): void {
  if ((mode & ANY_EXECUTE) !== 0) return;
  throw new CannotRun("GUEST011", `${path} is not executable`, `chmod +x, in the folder it is in`);
}

function scriptInterpreter(bytes: Uint8Array, path: string): string {
  const line = Buffer.from(bytes.subarray(2, SCRIPT_LINE_MAX)).toString("latin1");
  const [word = ""] = (line.split("\n", 1)[0] ?? "").trim().split(/[ \t]/);
  if (word !== "") return textOfBytes(word);
  throw new CannotRun("GUEST014", `${path} names no program after #!`, "Write #!/bin/sh, say");
}

function interpreterRemedy(interpreter: string): string {
  const packages = interpreter.includes("musl")
    ? "musl:i386"
    : interpreter.includes("klibc")
      ? "libklibc:i386"
      : "libc6:i386";
  return `Bring it with the libraries that the program needs; Debian has it in ${packages}`;
}
