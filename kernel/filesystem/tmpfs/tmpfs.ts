// tmpfs: files that live in memory and nowhere else.
//
// A directory is its entries (file/directory-entry.ts), a regular file its memory object, a link
// its text. What devices and FIFOs do is registered by their numbers (file/special-files.ts).

import { F_SEAL_SEAL, S_IFDIR, S_IFMT, S_IFREG } from "../../../src/abi/files";
import { createEntry, DirectoryEntry } from "../../file/directory-entry";
import { FileSystem } from "../../file/file-system";
import { createInode, Inode } from "../../file/inode";
import { specialFile } from "../../file/special-files";
import { allocate, free } from "../../memory/heap";
import { createMemoryObject } from "../../memory/memory-object";
import { directoryOperations } from "./directory";
import { regularOperations } from "./regular-file";

export const TMPFS_MAGIC: u32 = 0x01021994;

/** A new, empty tree with that mode: its root, with one reference; null when out of memory. */
export function createTmpfs(mode: u32): DirectoryEntry | null {
  const at = allocate(offsetof<FileSystem>());
  if (at === 0) return null;
  const fileSystem = changetype<FileSystem>(at);
  fileSystem.magic = TMPFS_MAGIC;
  fileSystem.name = cstr("tmpfs");
  fileSystem.create = makeInode.index;
  const inode = makeInode(fileSystem, S_IFDIR | mode, 0);
  if (inode === null) {
    free(at);
    return null;
  }
  inode.links = 2;
  const root = createEntry(null, inode, at, 0);
  // The file system goes with its last inode.
  if (root === null) inode.release();
  return root;
}

/** Where files without a directory are: a tree that is mounted nowhere. */
let nowhere: DirectoryEntry | null = null;

/**
 * A regular file that no directory has, with a name for messages alone: its entry, with one
 * reference; null when out of memory.
 */
export function createMemoryFile(name: usize, length: u32): DirectoryEntry | null {
  if (nowhere === null) nowhere = createTmpfs(0o755);
  const root = nowhere;
  if (root === null) return null;
  const inode = makeInode(root.inode.fileSystem, S_IFREG | 0o777, 0);
  if (inode === null) return null;
  const entry = createEntry(root, inode, name, length);
  if (entry === null) inode.release();
  return entry;
}

function makeInode(fileSystem: FileSystem, mode: u32, device: u32): Inode | null {
  const inode = createInode(fileSystem, mode);
  if (inode === null) return null;
  switch (mode & S_IFMT) {
    case S_IFREG:
      inode.object = createMemoryObject();
      inode.operations = regularOperations();
      if (inode.object === null) {
        inode.release();
        return null;
      }
      inode.object!.seals = F_SEAL_SEAL;
      if (fileSystem.limit !== 0) inode.object!.pool = fileSystem;
      return inode;
    case S_IFDIR:
      inode.operations = directoryOperations();
      return inode;
    default:
      specialFile(inode, device);
      return inode;
  }
}
