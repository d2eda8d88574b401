// Packs a tree into an archive (src/machine/cpio.ts), in one buffer: sizes are known before a byte
// is read.
//
// Names of one file are entries with one inode number; the last one brings the contents, as GNU
// cpio has it. A file that grows or shrinks meanwhile is an error: half of it would be worse.

import { closeSync, openSync, readSync } from "node:fs";
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from "../abi/files";
import { Diagnostic } from "../base/diagnostic";
import {
  CPIO_END,
  CPIO_TRAILER,
  type CpioHeader,
  cpioDataOffset,
  cpioEntrySize,
  cpioHeader,
} from "../machine/cpio";
import { hostPath, textOfBytes } from "./byte-path";
import { contentSize, type FileKind, type Tree, type TreeFile } from "./tree";

const TYPES: Readonly<Record<FileKind, number>> = {
  file: S_IFREG,
  directory: S_IFDIR,
  link: S_IFLNK,
  fifo: S_IFIFO,
};

/** A tree in the form that a kernel unpacks. */
export interface PackedTree {
  readonly archive: Uint8Array;
  /** The contents of each regular file, by path; parts of the archive. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

interface PlannedEntry {
  readonly file: TreeFile;
  readonly inode: number;
  readonly links: number;
  /** The entry has the contents: of several names the last one does. */
  readonly hasContents: boolean;
}

/** How many bytes the archive of a tree has. */
export function archiveSize(tree: Tree): number {
  return sizeOf(planEntries(tree));
}

/** @throws Diagnostic GUEST003 if a file cannot be read as it was when the folder was */
export function packTree(tree: Tree): PackedTree {
  const plan = planEntries(tree);
  const archive = Buffer.alloc(sizeOf(plan));
  const contents = new Map<string, Uint8Array>();
  const byInode = new Map<number, Uint8Array>();
  let at = 0;
  for (const entry of plan) {
    const { file } = entry;
    const name = entryName(file);
    const size = sizeInEntry(entry);
    writeHeader(archive, at, headerOf(entry, size), name);
    const start = at + cpioDataOffset(name.length);
    const data = archive.subarray(start, start + size);
    if (entry.hasContents) fillContents(data, file);
    if (entry.hasContents && file.kind === "file") byInode.set(entry.inode, data);
    at += cpioEntrySize(name.length, size);
  }
  writeHeader(archive, at, CPIO_END, CPIO_TRAILER);
  for (const { file, inode } of plan) {
    const data = byInode.get(inode);
    if (data) contents.set(file.path, data);
  }
  return { archive, contents };
}

function planEntries(tree: Tree): PlannedEntry[] {
  const left = new Map<string, number>();
  for (const { identity } of tree.files()) {
    if (identity !== "") left.set(identity, (left.get(identity) ?? 0) + 1);
  }
  const links = new Map(left);
  const inodes = new Map<string, number>();
  let last = 0;
  return [...tree.files()].map((file): PlannedEntry => {
    const { identity, kind } = file;
    if (identity === "") {
      return { file, inode: ++last, links: kind === "directory" ? 2 : 1, hasContents: true };
    }
    const inode = inodes.get(identity) ?? ++last;
    inodes.set(identity, inode);
    const after = (left.get(identity) ?? 1) - 1;
    left.set(identity, after);
    return { file, inode, links: links.get(identity) ?? 1, hasContents: after === 0 };
  });
}

function sizeOf(plan: readonly PlannedEntry[]): number {
  const sizes = plan.map((each) => cpioEntrySize(entryName(each.file).length, sizeInEntry(each)));
  const end = cpioEntrySize(CPIO_TRAILER.length, 0);
  return sizes.reduce((sum, size) => sum + size, end);
}

function sizeInEntry({ file, hasContents }: PlannedEntry): number {
  return hasContents ? contentSize(file) : 0;
}

/** The root is called as `find .` calls it. */
function entryName({ path }: TreeFile): string {
  return path === "" ? "." : path;
}

function headerOf({ file, inode, links }: PlannedEntry, size: number): CpioHeader {
  const { mode, owner, group, modified, kind } = file;
  const nameLength = entryName(file).length;
  return { inode, mode: TYPES[kind] | mode, owner, group, links, modified, size, nameLength };
}

function writeHeader(archive: Buffer, at: number, header: CpioHeader, name: string): void {
  archive.write(cpioHeader(header) + name, at, "latin1");
}

/** The contents of one file. */
export function readContents(file: TreeFile): Uint8Array {
  const bytes = new Uint8Array(contentSize(file));
  fillContents(bytes, file);
  return bytes;
}

function fillContents(to: Uint8Array, file: TreeFile): void {
  if (file.kind === "link") to.set(Buffer.from(file.target, "latin1"));
  else if (file.bytes) to.set(file.bytes);
  else if (file.host && file.kind === "file") readHostFile(to, file.host.path);
}

function readHostFile(to: Uint8Array, path: string): void {
  let handle: number | undefined;
  try {
    handle = openSync(hostPath(path), "r");
    let done = 0;
    while (done < to.length) {
      const count = readSync(handle, to, done, to.length - done, null);
      if (count === 0) throw changed(path);
      done += count;
    }
    if (readSync(handle, new Uint8Array(1)) !== 0) throw changed(path);
  } catch (error) {
    if (error instanceof Diagnostic) throw error;
    throw new Diagnostic(
      "GUEST003",
      `${textOfBytes(path)} cannot be read: ${(error as Error).message}`,
      "See who may read it: ls -l",
    );
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function changed(path: string): Diagnostic {
  return new Diagnostic(
    "GUEST003",
    `${textOfBytes(path)} has changed while the folder was packed`,
    "Try again once nothing writes to the folder",
  );
}
