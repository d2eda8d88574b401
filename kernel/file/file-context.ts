// Where a process looks for files: its root, its current directory, and what its umask takes away.
//
// Processes that clone(CLONE_FS) made share one. See clone(2), chroot(2), umask(2).

import { allocate, free } from "../memory/heap";
import { DirectoryEntry } from "./directory-entry";

const FIRST_UMASK: u32 = 0o022;

@unmanaged
export class FileContext {
  references: u32 = 0;
  root: DirectoryEntry = changetype<DirectoryEntry>(0);
  directory: DirectoryEntry = changetype<DirectoryEntry>(0);
  umask: u32 = 0;

  /** The reference of `entry` passes. */
  setRoot(entry: DirectoryEntry): void {
    this.root.release();
    this.root = entry;
  }

  /** The reference of `entry` passes. */
  setDirectory(entry: DirectoryEntry): void {
    this.directory.release();
    this.directory = entry;
  }

  retain(): void {
    this.references++;
  }

  release(): void {
    this.references--;
    if (this.references !== 0) return;
    this.root.release();
    this.directory.release();
    free(changetype<usize>(this));
  }

  /** A second one that says the same, or null when out of memory. */
  duplicate(): FileContext | null {
    const copy = createFileContext(this.root, this.directory);
    if (copy !== null) copy.umask = this.umask;
    return copy;
  }
}

/** With one reference, or null when out of memory. */
export function createFileContext(
  root: DirectoryEntry,
  directory: DirectoryEntry,
): FileContext | null {
  const context = changetype<FileContext | null>(allocate(offsetof<FileContext>()));
  if (context === null) return null;
  context.references = 1;
  context.umask = FIRST_UMASK;
  root.retain();
  directory.retain();
  context.root = root;
  context.directory = directory;
  return context;
}
