// How much memory a guest needs for its files.
//
//   while it boots   kernel, archive, and what is unpacked of the files; the archive's pages are
//                    given back as it goes
//   after that       kernel, the files page by page, and room for programs

import { PAGE_SIZE } from "../abi/memory-map";
import { alignUp } from "../base/align";
import { Diagnostic } from "../base/diagnostic";
import { guestPath } from "./byte-path";
import { archiveSize } from "./pack-tree";
import { contentSize, type Tree } from "./tree";

const MIB = 1 << 20;
/** Image, tables, low memory, and what it takes to start a program. */
const KERNEL_BYTES = 6 * MIB;
/** Inode, name, object and the first node of its frames, rounded up. */
const BYTES_OF_FILE = 640;
/** A node of the tree of frames has so many. */
const PAGES_OF_NODE = 64;
const BYTES_OF_NODE = 288;
/** What the list of frames takes of each frame. */
const BYTES_OF_FRAME = 16;
/** What programs get besides, unless the user says how much memory there is. */
const ROOM_MIB = 256;
/** Less room than this is of no use. */
const LEAST_ROOM_MIB = 4;
const FOLDERS_NAMED = 3;

export interface MemoryNeed {
  readonly archiveBytes: number;
  /** The least that a guest can do with, in MiB. */
  readonly leastMiB: number;
  /** What it gets, in MiB. */
  readonly suggestedMiB: number;
}

export function memoryNeed(tree: Tree): MemoryNeed {
  const archiveBytes = archiveSize(tree);
  let files = 0;
  for (const file of tree.files()) {
    const pages = file.kind === "file" ? Math.ceil(contentSize(file) / PAGE_SIZE) : 0;
    files += BYTES_OF_FILE + file.path.length + pages * PAGE_SIZE;
    files += Math.ceil(pages / PAGES_OF_NODE) * BYTES_OF_NODE;
  }
  const bytes = KERNEL_BYTES + Math.max(files, archiveBytes);
  const least = withFrameList(bytes + LEAST_ROOM_MIB * MIB);
  return {
    archiveBytes,
    leastMiB: Math.ceil(least / MIB),
    suggestedMiB: alignUp(Math.ceil(withFrameList(bytes + ROOM_MIB * MIB) / MIB), 16),
  };
}

function withFrameList(bytes: number): number {
  return bytes * (1 + BYTES_OF_FRAME / PAGE_SIZE);
}

/**
 * How much memory the machine gets, in MiB: what was asked for, or what suits the files.
 *
 * @throws Diagnostic GUEST005 if that is not enough for them
 */
export function machineMemory(
  tree: Tree,
  need: MemoryNeed,
  asked: number | undefined,
  most: number,
): number {
  const limit = asked ?? most;
  if (need.leastMiB <= limit) return asked ?? Math.min(need.suggestedMiB, most);
  throw new Diagnostic(
    "GUEST005",
    `the files need a machine with ${need.leastMiB} MiB, and ` +
      (asked === undefined ? `there are ${most} at the most` : `--memory is ${asked}`),
    need.leastMiB <= most
      ? `Say --memory ${Math.min(need.suggestedMiB, most)}, or leave it out`
      : `Bring less; the largest folders are ${largestFolders(tree).join(", ")}`,
  );
}

/** The folders that take most, each without those named before it. */
function largestFolders(tree: Tree): string[] {
  const sizes = new Map<string, number>();
  for (const file of tree.files()) {
    const folder = file.path.split("/").slice(0, 3).slice(0, -1).join("/");
    sizes.set(folder, (sizes.get(folder) ?? 0) + contentSize(file));
  }
  return [...sizes]
    .sort(([, a], [, b]) => b - a)
    .slice(0, FOLDERS_NAMED)
    .map(([folder, size]) => `${guestPath(folder)} (${Math.ceil(size / MIB)} MiB)`);
}
