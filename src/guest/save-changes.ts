// Writes what a guest has changed back to the folder that it came from.
//
//   stage    each new file, with its attributes, in DIR/.isthmus-save
//   commit   the list of steps, as a file there
//   apply    the steps: removals, new directories, renames into place, attributes
//
// Until the commit DIR is as it was, and what was staged can be thrown away. After it every step
// can be repeated, so the next run that uses DIR finishes what was begun: nothing stays half done.
//
// What was changed in DIR itself meanwhile is kept: the guest's version goes beside it, as
// NAME.guest.

import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { Diagnostic } from "../base/diagnostic";
import { bytesOfText, guestPath, hostPath, parentOf, textOfBytes } from "./byte-path";
import {
  type Attributes,
  attributesOf,
  fileAttributes,
  setAttributes,
  writeHostFile,
} from "./host-file";
import type { ListedFile } from "./report";
import type { LeftOut, TreeFile, TreePart } from "./tree";
import type { Change } from "./tree-changes";

/** Where changes are staged; never part of a tree. */
export const STAGING = ".isthmus-save";
const OWNER = "owner";
const COMMIT = "steps.json";
const EXECUTE_FOR_OWNER = 0o700;

/** One step. Paths are byte paths of the host, absolute. Each may be done again. */
type Step =
  | { readonly do: "remove" | "rmdir"; readonly path: string }
  | { readonly do: "mkdir"; readonly path: string }
  | { readonly do: "rename"; readonly from: string; readonly path: string }
  | ({ readonly do: "attributes"; readonly path: string } & Attributes);

/** What has become of one part of the tree. */
export interface PartChanges {
  readonly list: readonly Change[];
  /** Regular files whose contents are as they were, by the guest's inode number. */
  readonly unchanged: ReadonlyMap<number, TreeFile>;
}

export interface Saved {
  /** How many changes are in the folder now. */
  readonly count: number;
  /** What could not be saved, and why. */
  readonly leftOut: readonly LeftOut[];
  /** Files that were changed on both sides: where the guest's version is. */
  readonly conflicts: readonly string[];
}

/**
 * Saves the changes of one part of the tree.
 *
 * @throws Diagnostic GUEST006 if they cannot be written; then nothing has changed
 */
export function saveChanges(part: TreePart, changes: PartChanges): Saved {
  const staging = stagingOf(part.path);
  finishSave(part);
  try {
    mkdirSync(hostPath(staging));
    writeFileSync(hostPath(`${staging}/${OWNER}`), String(process.pid));
    const save = new Save(part, staging, changes);
    save.stage();
    commit(staging, save.steps);
    return save.outcome();
  } catch (error) {
    if (!existsSync(hostPath(`${staging}/${COMMIT}`))) removeStaging(staging);
    throw cannotSave(part.host, error);
  }
}

/** Finishes what an interrupted save has begun, or drops what it has not committed. */
export function finishSave(part: Pick<TreePart, "path" | "host">): void {
  const staging = stagingOf(part.path);
  if (!existsSync(hostPath(staging))) return;
  if (isRunning(staging)) {
    throw new Diagnostic(
      "GUEST006",
      `another isthmus is just saving to ${part.host}`,
      "Wait until it has ended",
    );
  }
  try {
    if (existsSync(hostPath(`${staging}/${COMMIT}`))) {
      const text = readFileSync(hostPath(`${staging}/${COMMIT}`), "utf8");
      for (const step of JSON.parse(text) as Step[]) perform(step);
    }
    removeStaging(staging);
  } catch (error) {
    throw cannotSave(part.host, error);
  }
}

function isRunning(staging: string): boolean {
  try {
    const owner = Number(readFileSync(hostPath(`${staging}/${OWNER}`), "utf8"));
    if (owner === process.pid) return false;
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function stagingOf(host: string): string {
  const path = bytesOfText(host);
  const folder = isDirectory(path) ? path : parentOf(path);
  return `${folder}/${STAGING}`;
}

function isDirectory(path: string): boolean {
  return lstatSync(hostPath(path)).isDirectory();
}

function commit(staging: string, steps: readonly Step[]): void {
  const path = `${staging}/${COMMIT}`;
  writeFileSync(hostPath(`${path}.new`), JSON.stringify(steps));
  renameSync(hostPath(`${path}.new`), hostPath(path));
  for (const step of steps) perform(step);
  removeStaging(staging);
}

/** The list of steps goes first: what is left of a folder without one means nothing. */
function removeStaging(staging: string): void {
  rmSync(hostPath(`${staging}/${COMMIT}`), { force: true });
  rmSync(hostPath(staging), { recursive: true, force: true });
}

class Save {
  readonly #part: TreePart;
  readonly #staging: string;
  readonly #changes: readonly Change[];
  readonly #unchanged: PartChanges["unchanged"];
  readonly #leftOut: LeftOut[] = [];
  readonly #conflicts: string[] = [];
  readonly #removals: Step[] = [];
  readonly #directories: Step[] = [];
  readonly #renames: Step[] = [];
  readonly #attributes: Step[] = [];
  /** What was staged, by the guest's inode number. */
  readonly #staged = new Map<number, string>();
  #count = 0;

  constructor(part: TreePart, staging: string, changes: PartChanges) {
    this.#part = part;
    this.#staging = staging;
    this.#changes = changes.list;
    this.#unchanged = changes.unchanged;
  }

  get steps(): Step[] {
    const removals = [...this.#removals].reverse(); // what is in a directory before itself
    const attributes = [...this.#attributes].reverse(); // a directory may become read-only
    return [...removals, ...this.#directories, ...this.#renames, ...attributes];
  }

  outcome(): Saved {
    return { count: this.#count, leftOut: this.#leftOut, conflicts: this.#conflicts };
  }

  stage(): void {
    for (const change of this.#changes) {
      if (change.after === undefined) this.#remove(change);
      else if (change.after.kind === "directory") this.#stageDirectory(change, change.after);
      else this.#stageFile(change, change.after);
    }
  }

  #remove(change: Change): void {
    const { before } = change;
    if (before?.host === undefined) return;
    const path = this.#hostOf(change.path);
    if (this.#hasChangedOutside(change, path)) {
      this.#leaveOut(change, "it was removed, but has changed on the host meanwhile");
      return;
    }
    this.#removals.push({ do: before.kind === "directory" ? "rmdir" : "remove", path });
    this.#count++;
  }

  #stageDirectory(change: Change, after: ListedFile): void {
    const path = this.#hostOf(change.path);
    if (change.before?.kind !== "directory") {
      if (change.before?.host) this.#removals.push({ do: "remove", path });
      else if (existsSync(hostPath(path)) && !isDirectory(path)) throw inTheWay(path);
      this.#directories.push({ do: "mkdir", path });
    }
    this.#attributes.push({ do: "attributes", path, ...attributesOf(after) });
    this.#count++;
  }

  #stageFile(change: Change, after: ListedFile): void {
    const problem = saveProblem(after);
    if (problem !== undefined) {
      this.#leaveOut(change, problem);
      return;
    }
    let path = this.#hostOf(change.path);
    this.#keepParent(path);
    if (this.#hasChangedOutside(change, path)) {
      path = besides(path);
      this.#conflicts.push(textOfBytes(path));
    } else if (change.before?.kind === "directory") {
      this.#removals.push({ do: "rmdir", path });
    }
    if (isSameContents(change, after)) {
      this.#attributes.push({ do: "attributes", path, ...fileAttributes(after) });
    } else {
      this.#renames.push({ do: "rename", from: this.#stagedFile(change, after), path });
    }
    this.#count++;
  }

  /** A file of its own for each name, or a link to the one that another name has. */
  #stagedFile({ contents, before }: Change, after: ListedFile): string {
    const path = `${this.#staging}/${this.#renames.length}`;
    const other = this.#staged.get(after.inode) ?? this.#unchangedName(after.inode);
    if (other !== undefined) {
      linkSync(hostPath(other), hostPath(path));
      return path;
    }
    const old = before?.host ? hostPath(before.host.path) : undefined;
    const bytes = contents ?? (old && after.kind === "file" ? readFileSync(old) : new Uint8Array());
    writeHostFile(path, after, bytes);
    this.#staged.set(after.inode, path);
    return path;
  }

  /** A name on the host of a file whose contents are as they were. */
  #unchangedName(inode: number): string | undefined {
    const before = this.#unchanged.get(inode);
    const path = before?.host?.path;
    if (before === undefined || path === undefined || !isThere(path)) return undefined;
    return this.#hasChangedOutside({ before }, path) ? undefined : path;
  }

  /** Makes the directories again that the host has lost meanwhile. */
  #keepParent(path: string): void {
    const parent = parentOf(path);
    if (parent === "" || existsSync(hostPath(parent))) return;
    if (this.#directories.some((step) => step.path === parent)) return;
    this.#keepParent(parent);
    this.#directories.push({ do: "mkdir", path: parent });
  }

  #hostOf(path: string): string {
    const { guest } = this.#part;
    const host = bytesOfText(this.#part.path);
    if (path === guest) return host;
    return `${host}/${guest === "" ? path : path.slice(guest.length + 1)}`;
  }

  /** Whether the host's file is not what the guest got. */
  #hasChangedOutside({ before }: { readonly before?: TreeFile }, path: string): boolean {
    const known = before?.host;
    try {
      const stats = lstatSync(hostPath(path));
      if (known === undefined) return true; // something new is in the way
      if (before?.kind === "directory") return !stats.isDirectory();
      return stats.mtimeMs !== known.modifiedMs || stats.size !== known.size;
    } catch {
      return false;
    }
  }

  #leaveOut({ path }: Change, reason: string): void {
    this.#leftOut.push({ what: guestPath(path), reason });
  }
}

/** Why a file of the guest cannot be one of the host. */
function saveProblem(after: ListedFile): string | undefined {
  if (after.kind === "other") return "it is a device, a socket or a FIFO";
  if (after.isTooLarge) return "its contents are too large to be read from the guest";
  return undefined;
}

function isSameContents({ before, contents }: Change, after: ListedFile): boolean {
  if (before === undefined || before.host === undefined) return false;
  return before.kind === "file" && after.kind === "file" && contents === undefined;
}

/** A free name beside `path`. */
function besides(path: string): string {
  const plain = `${path}.guest`;
  for (let count = 1; ; count++) {
    const name = count === 1 ? plain : `${plain}.${count}`;
    if (!existsSync(hostPath(name))) return name;
  }
}

function perform(step: Step): void {
  const path = hostPath(step.path);
  switch (step.do) {
    case "remove":
      unless(["ENOENT"], () => unlinkSync(path));
      return;
    case "rmdir":
      // What the guest never saw may still be in it.
      unless(["ENOENT", "ENOTEMPTY", "ENOTDIR"], () => rmdirSync(path));
      return;
    case "mkdir":
      unless(["EEXIST"], () => mkdirSync(path, EXECUTE_FOR_OWNER));
      return;
    case "rename":
      // What is not there any more has been renamed before.
      if (isThere(step.from)) renameSync(hostPath(step.from), path);
      return;
    default:
      unless(["ENOENT"], () => setAttributes(step.path, step, false));
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(hostPath(path));
    return true;
  } catch {
    return false;
  }
}

function unless(codes: readonly string[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function inTheWay(path: string): Diagnostic {
  return new Diagnostic(
    "GUEST006",
    `the guest has made a folder where the host has a file now: ${textOfBytes(path)}`,
    "Move that file away",
  );
}

function cannotSave(host: string, error: unknown): Error {
  if (error instanceof Diagnostic) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = code === "ENOSPC" ? "Make room: df" : "See who may write to it: ls -ld";
  return new Diagnostic("GUEST006", `cannot save to ${host}: ${message}`, remedy);
}
