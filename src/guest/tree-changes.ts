// What a guest has changed: the tree that it got beside the report of what it left.
//
// Contents decide: a file that was opened and written with what it had is unchanged unless its time
// of modification is another. Of a directory the time does not count, as every file that is made in
// it changes that.

import { parentOf } from "./byte-path";
import type { PackedTree } from "./pack-tree";
import type { SpaceReader } from "./process-memory";
import type { ListedFile, Report } from "./report";
import type { Tree, TreeFile } from "./tree";

export interface Change {
  readonly path: string;
  readonly what: "created" | "changed" | "removed";
  /** What the guest got; absent: it is new. */
  readonly before?: TreeFile;
  /** What it left; absent: it is gone. */
  readonly after?: ListedFile;
  /** The contents of a regular file; absent: those that it had. */
  readonly contents?: Uint8Array;
}

/** What `treeChanges` compares. */
export interface Compared {
  readonly tree: Tree;
  readonly packed: PackedTree;
  readonly report: Report;
  readonly memory: SpaceReader;
}

/** The changes, in the order of the tree that was left; what was removed comes last. */
export async function treeChanges(compared: Compared): Promise<Change[]> {
  const { tree, report } = compared;
  const changes: Change[] = [];
  for (const after of report.after.values()) {
    if (after.isMount) continue;
    const change = await compare(compared, after, tree.get(after.path));
    if (change !== undefined) changes.push(change);
  }
  for (const path of report.before.keys()) {
    const before = tree.get(path);
    if (before === undefined || report.after.has(path)) continue;
    if (isBelowMount(report, path)) continue;
    changes.push({ path, what: "removed", before });
  }
  return changes;
}

/** Whether something was mounted over a directory on the way to `path`. */
function isBelowMount({ after }: Report, path: string): boolean {
  for (let at = parentOf(path); at !== ""; at = parentOf(at)) {
    if (after.get(at)?.isMount) return true;
  }
  return false;
}

async function compare(
  compared: Compared,
  after: ListedFile,
  before: TreeFile | undefined,
): Promise<Change | undefined> {
  const { path } = after;
  const known = compared.packed.contents.get(path);
  const left = await contentsOf(compared, after);
  const isEqual = left !== undefined && known !== undefined && Buffer.compare(left, known) === 0;
  const contents = before?.kind === "file" && isEqual ? undefined : left;
  const change = { path, after, ...(contents && { contents }) };
  if (before === undefined) return { ...change, what: "created" };
  const changed: Change = { ...change, before, what: "changed" };
  if (!isSameKind(before, after) || !hasSameAttributes(before, after)) return changed;
  if (after.kind === "link") return before.target === after.target ? undefined : changed;
  if (after.kind !== "file") return undefined;
  if (Math.floor(after.modified) !== before.modified || after.isTooLarge) return changed;
  return contents === undefined ? undefined : changed;
}

function isSameKind(before: TreeFile, after: ListedFile): boolean {
  return before.kind === after.kind || (before.kind === "fifo" && after.kind === "other");
}

function hasSameAttributes(before: TreeFile, after: ListedFile): boolean {
  const isSameOwner = before.owner === after.owner && before.group === after.group;
  return isSameOwner && (after.kind === "link" || before.mode === after.mode);
}

/**
 * The contents of a regular file that may differ from what was packed under its path: undefined if
 * they do not, or if they cannot be had.
 */
async function contentsOf(
  { report, packed, memory }: Compared,
  after: ListedFile,
): Promise<Uint8Array | undefined> {
  if (after.kind !== "file" || after.isTooLarge) return undefined;
  if (after.contents !== 0) return memory.bytes(after.contents, after.size);
  if (after.size === 0) return new Uint8Array();
  if (report.before.get(after.path)?.inode === after.inode) return undefined;
  return packed.contents.get(pathBefore(report, after.inode) ?? "");
}

/** The path that an inode had before: a file that was moved has kept its contents. */
function pathBefore({ before }: Report, inode: number): string | undefined {
  let known = INODE_PATHS.get(before);
  if (known === undefined) {
    known = new Map([...before.values()].map((each) => [each.inode, each.path]));
    INODE_PATHS.set(before, known);
  }
  return known.get(inode);
}

const INODE_PATHS = new WeakMap<ReadonlyMap<string, ListedFile>, Map<number, string>>();
