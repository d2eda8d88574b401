// What `isthmus run --root` adds to a run: a folder's files go in with the machine, and what the
// guest has changed of them comes out at its end.
//
//   folders -> tree -> archive -> the machine runs -> report -> changes: saved, or named as lost

import {
  TASK_ARGUMENTS,
  TASK_FLAGS,
  TASK_MAGIC,
  TASK_NO_TERMINAL,
  TASK_RAW_OUTPUT,
  TASK_STRINGS,
  TASK_VARIABLES,
  TASK_WINDOW,
} from "../abi/guest-files";
import { countText } from "../base/count-text";
import { Diagnostic } from "../base/diagnostic";
import { bytesOfText, textOfBytes } from "../guest/byte-path";
import { exportTree } from "../guest/export-tree";
import { folderTree } from "../guest/folder-tree";
import { completeSystem, environmentOf, searchPath } from "../guest/guest-system";
import { machineMemory, memoryNeed } from "../guest/memory-need";
import { type PackedTree, packTree } from "../guest/pack-tree";
import { firstProcessSpace } from "../guest/process-memory";
import { findProgram, requireDirectory } from "../guest/program-file";
import { readReport } from "../guest/report";
import { type Saved, saveChanges } from "../guest/save-changes";
import { partOf, type SaveTargets, saveTargets } from "../guest/save-targets";
import { type LeftOut, ownFile, type Tree, type TreeFile, type TreePart } from "../guest/tree";
import { type Change, type Compared, treeChanges } from "../guest/tree-changes";
import { writeTree } from "../guest/write-tree";
import type { ElfImage } from "../inspect/elf-image";
import type { Machine } from "../machine/machine";
import { memoryLimits } from "./boot-settings";
import type { CommandLine, OptionSpec } from "./command";
import { complain, progress } from "./terminal";

export const ROOT_OPTIONS = {
  root: { type: "string" },
  bind: { type: "string", repeats: true },
  env: { type: "string", repeats: true },
  cwd: { type: "string" },
  save: { type: "string", repeats: true },
} satisfies Record<string, OptionSpec>;

const SHELL = "/bin/sh";
const EXECUTABLE = 0o755;
const NAMES_SHOWN = 5;
const ENOEXEC = 8;

/** What process 1 of the guest is told. */
export interface Task {
  /** Texts. */
  readonly program: string;
  readonly directory: string;
  readonly words: readonly string[];
  /** Byte strings. */
  readonly environment: readonly string[];
  /** False: it reads nothing, and its output is a pipe. */
  readonly hasTerminal: boolean;
}

/** A run with files brought in. */
export class RootRun {
  readonly memoryMiB: number;
  readonly #tree: Tree;
  readonly #targets: SaveTargets;
  readonly task: Task;
  #packed: PackedTree | undefined;

  /**
   * Reads the folders, without their contents, and judges the program.
   *
   * @throws Diagnostic GUEST001 to GUEST014
   */
  constructor(line: CommandLine, root: string, hasTerminal = true) {
    const tree = folderTree(root, line.values("bind"));
    this.#tree = tree;
    this.#targets = saveTargets(tree, line.values("save"));
    completeSystem(tree);
    const limits = memoryLimits(line);
    const asked = line.count("memory", limits, undefined);
    this.memoryMiB = machineMemory(tree, memoryNeed(tree), asked, limits.max);
    const directory = line.value("cwd") ?? "/";
    requireDirectory(tree, directory);
    const environment = environmentOf(tree, {
      terminal: hasTerminal && process.stdin.isTTY ? process.env.TERM : undefined,
      asked: line.values("env"),
      outside: process.env,
    });
    const words = line.program.length > 0 ? line.program : [SHELL];
    const place = { tree, directory, searchPath: searchPath(environment) };
    const program = findProgram(words[0] ?? SHELL, place);
    this.task = { program, directory, words, environment, hasTerminal };
    tellLeftOut(tree.leftOut);
  }

  /** Its files, as the guest gets them, into an empty folder of the host. */
  writeTo(folder: string): void {
    writeTree(this.#tree, folder);
  }

  /** The archive, and the words that start process 1, whose file is `init`. */
  pack(init: Uint8Array): { initramfs: Uint8Array; program: readonly string[] } {
    const folder = unusedName(this.#tree);
    this.#tree.add(ownFile(`${folder}/init`, init, EXECUTABLE));
    this.#tree.add(ownFile(`${folder}/task`, taskBytes(this.task)));
    this.#packed = packTree(this.#tree);
    for (const path of [`${folder}/init`, `${folder}/task`, folder]) this.#tree.remove(path);
    const program = [`/${folder}/init`, `/${folder}/task`, `/${folder}`];
    return { initramfs: this.#packed.archive, program };
  }

  /**
   * After the machine's end: saves what the guest has changed, or says what is lost.
   *
   * @throws Diagnostic GUEST006 if it cannot be saved
   */
  async finish(machine: Machine, kernel: ElfImage): Promise<void> {
    const memory = await firstProcessSpace(machine, kernel);
    const report = memory && (await readReport(memory));
    if (memory === undefined || report === undefined || this.#packed === undefined) {
      this.explainMissing();
      return;
    }
    if (report.error !== 0) complain(this.#refusal(report.error));
    const compared = { tree: this.#tree, packed: this.#packed, report, memory };
    this.#settle(compared, await treeChanges(compared));
  }

  /** The run ended without a report: nothing can be saved. */
  explainMissing(): void {
    const { parts, whole } = this.#targets;
    if (parts.size === 0 && whole === undefined) return;
    const text = "nothing was saved, as the program did not come to its end";
    complain(new Diagnostic("GUEST008", text, "End it from inside: the machine ends with it"));
  }

  #refusal(error: number): Diagnostic {
    const why = error === ENOEXEC ? "not a program for this machine" : `error ${error}`;
    return new Diagnostic(
      "GUEST015",
      `the kernel does not run ${this.task.program}: ${why}`,
      "Run it again with --verbose: the kernel's log says what is wrong with the file",
    );
  }

  #settle(compared: Compared, changes: readonly Change[]): void {
    const { parts, whole } = this.#targets;
    const lost: Change[] = [];
    const byPart = new Map<TreePart, Change[]>([...parts].map((part) => [part, []]));
    for (const change of changes) {
      const part = partOf(this.#tree, change.path);
      const list = part && byPart.get(part);
      if (list) list.push(change);
      else lost.push(change);
    }
    for (const [part, list] of byPart) {
      if (list.length === 0) continue;
      const unchanged = unchangedFiles(compared, part, list);
      tellSaved(part.host, saveChanges(part, { list, unchanged }));
    }
    if (whole !== undefined) {
      const leftOut = exportTree(whole, compared, changes);
      progress(`isthmus: the guest's files are in ${whole}`);
      tellNotSaved(leftOut);
    } else tellLost(lost);
  }
}

/** The regular files of a part whose contents are as they were, by the guest's inode number. */
function unchangedFiles(
  { tree, report }: Compared,
  part: TreePart,
  changes: readonly Change[],
): Map<number, TreeFile> {
  const written = changes.filter(({ before, contents }) => contents || before?.kind !== "file");
  const paths = new Set(written.map(({ path }) => path));
  const unchanged = new Map<number, TreeFile>();
  for (const { path, inode, kind } of report.after.values()) {
    const before = tree.get(path);
    if (kind !== "file" || paths.has(path) || before?.host === undefined) continue;
    if (partOf(tree, path) === part) unchanged.set(inode, before);
  }
  return unchanged;
}

/** A name that the root does not have. */
function unusedName(tree: Tree): string {
  for (let count = 0; ; count++) {
    const name = `.isthmus${count === 0 ? "" : `-${count}`}`;
    if (tree.get(name) === undefined) return name;
  }
}

function taskBytes(task: Task): Uint8Array {
  const { program, directory, words, environment } = task;
  const texts = [program, directory, ...words].map(bytesOfText);
  const strings = [...texts, ...environment].map((each) => `${each}\0`).join("");
  const bytes = Buffer.alloc(TASK_STRINGS + strings.length);
  const { isTTY, rows = 0, columns = 0 } = process.stdout;
  bytes.writeUInt32LE(TASK_MAGIC, 0);
  const isShown = isTTY && task.hasTerminal;
  const flags = (isShown ? 0 : TASK_RAW_OUTPUT) | (task.hasTerminal ? 0 : TASK_NO_TERMINAL);
  bytes.writeUInt32LE(flags, TASK_FLAGS);
  bytes.writeUInt32LE(isShown ? rows + columns * 65536 : 0, TASK_WINDOW);
  bytes.writeUInt32LE(words.length, TASK_ARGUMENTS);
  bytes.writeUInt32LE(environment.length, TASK_VARIABLES);
  bytes.write(strings, TASK_STRINGS, "latin1");
  return bytes;
}

function tellLeftOut(leftOut: readonly LeftOut[]): void {
  for (const { what, reason } of leftOut.slice(0, NAMES_SHOWN)) {
    progress(`isthmus: ${what} is left out: ${reason}`);
  }
  const more = leftOut.length - NAMES_SHOWN;
  if (more > 0) progress(`isthmus: and ${more} more; \`isthmus pack\` lists them`);
}

function tellSaved(host: string, { count, leftOut, conflicts }: Saved): void {
  progress(`isthmus: ${countText(count, "change")} saved to ${host}`);
  for (const path of conflicts) {
    progress(`isthmus: changed on the host meanwhile, so the guest's version is ${path}`);
  }
  tellNotSaved(leftOut);
}

function tellNotSaved(leftOut: readonly LeftOut[]): void {
  for (const { what, reason } of leftOut) progress(`isthmus: ${what} is not saved: ${reason}`);
}

function tellLost(lost: readonly Change[]): void {
  if (lost.length === 0) return;
  const named = lost.slice(0, NAMES_SHOWN).map(({ what, path }) => `/${textOfBytes(path)} ${what}`);
  const more = lost.length - named.length;
  const list = [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
  progress(`isthmus: not kept, as --save names no folder for it: ${list}`);
}
