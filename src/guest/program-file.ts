// Judges whether a guest can run a program, before it boots: the same questions as execve's, with
// answers for people.
//
//   the program -> a script's interpreter, and its -> an ELF file -> the interpreter that it names
//
// What passes here may still be refused by the kernel, for a segment that is writable and
// executable, say; process 1 reports that.

import {
  EHDR_MACHINE,
  EHDR_PHENTSIZE,
  EHDR_PHNUM,
  EHDR_PHOFF,
  EHDR_TYPE,
  ELF_CLASS,
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  EM_386,
  ET_DYN,
  ET_EXEC,
  PHDR_FILESZ,
  PHDR_OFFSET,
  PHDR_SIZE,
  PHDR_TYPE,
  PT_INTERP,
} from "../abi/elf";
import { Diagnostic } from "../base/diagnostic";
import { nearestName } from "../base/nearest-name";
import { bytesOfText, guestPath, nameOf, parentOf, textOfBytes } from "./byte-path";
import { readContents } from "./pack-tree";
import type { Tree, TreeFile } from "./tree";

const STATUS_CANNOT_RUN = 126;
const STATUS_NOT_FOUND = 127;
const ANY_EXECUTE = 0o111;
/** As many as the kernel follows. */
const SCRIPTS_MAX = 5;
/** The kernel reads as much of a script's first line. */
const SCRIPT_LINE_MAX = 256;
const EHDR_BYTES = 52;
const IDENT_BYTES = 20;

/** Why a program cannot run, and the status that a shell would give. */
export class CannotRun extends Diagnostic {
  constructor(
    code: string,
    text: string,
    remedy: string,
    readonly status: number = STATUS_CANNOT_RUN,
  ) {
    super(code, text, remedy);
  }
}

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
  const interpreter = elfInterpreter(bytes, path);
  if (interpreter === undefined) return;
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

/** Throws if `bytes` are not an ELF file of this machine. */
function requireOurMachine(bytes: Uint8Array, path: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < IDENT_BYTES || view.getUint32(0, true) !== ELF_MAGIC) {
    const what = bytes.length === 0 ? "is empty" : "is neither an ELF file nor a script with #!";
    const remedy = "If it is a script, begin it with #!/bin/sh, or name the shell before it";
    throw new CannotRun("GUEST012", `${path} ${what}`, remedy);
  }
  const machine = view.getUint16(EHDR_MACHINE, view.getUint8(ELF_DATA) === ELF_DATA_LITTLE);
  const size = view.getUint8(ELF_CLASS);
  if (size === ELF_CLASS_64 || machine !== EM_386 || size !== ELF_CLASS_32) {
    const bits = size === ELF_CLASS_64 ? "a 64-bit program" : "a program";
    throw new CannotRun(
      "GUEST012",
      `${path} is ${bits} for ${machineName(machine)}, and the guest is a 32-bit PC`,
      "Bring the i386 build: on Debian `apt-get download PACKAGE:i386`, elsewhere `gcc -m32`",
    );
  }
  const type = view.getUint16(EHDR_TYPE, true);
  if (bytes.length >= EHDR_BYTES && (type === ET_EXEC || type === ET_DYN)) return;
  throw new CannotRun(
    "GUEST012",
    `${path} is an object file, not a program`,
    "Link it: `gcc -m32 -static FILE.o`",
  );
}

const MACHINES: Readonly<Record<number, string>> = {
  3: "i386",
  8: "MIPS",
  20: "PowerPC",
  21: "64-bit PowerPC",
  22: "S/390",
  40: "ARM",
  62: "x86-64",
  183: "64-bit ARM",
  243: "RISC-V",
};

function machineName(machine: number): string {
  return MACHINES[machine] ?? `another machine (number ${machine})`;
}

/** The interpreter that a program names, by its path; undefined: none. */
function elfInterpreter(bytes: Uint8Array, path: string): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = view.getUint32(EHDR_PHOFF, true);
  const count = view.getUint16(EHDR_PHNUM, true);
  const isCut = table + count * PHDR_SIZE > bytes.length;
  if (isCut || view.getUint16(EHDR_PHENTSIZE, true) !== PHDR_SIZE) {
    throw new CannotRun(
      "GUEST012",
      `${path} is damaged: its program headers lie outside the file`,
      "Copy it again",
    );
  }
  for (let at = table; at < table + count * PHDR_SIZE; at += PHDR_SIZE) {
    if (view.getUint32(at + PHDR_TYPE, true) !== PT_INTERP) continue;
    const start = view.getUint32(at + PHDR_OFFSET, true);
    const text = bytes.subarray(start, start + view.getUint32(at + PHDR_FILESZ, true));
    return textOfBytes(Buffer.from(text).toString("latin1").replace(/\0.*$/s, ""));
  }
  return undefined;
}

function interpreterRemedy(interpreter: string): string {
  const packages = interpreter.includes("musl")
    ? "musl:i386"
    : interpreter.includes("klibc")
      ? "libklibc:i386"
      : "libc6:i386";
  return `Bring it with the libraries that the program needs; Debian has it in ${packages}`;
}
