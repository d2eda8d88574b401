// A file table: small numbers that stand for open files. The threads of a process share one, and
// so do others that clone(CLONE_FILES) made.
//
//   entries -> file or 0, flags (FD_CLOEXEC) | file or 0, flags | ...     `count` of them
//
// A number can be reserved for a file that is still to be opened, so that nothing has been done for
// it yet if there is no number. Such a one stands for no file, and is not free.
//
// Invariant: no number below `lowestFree` is free.
//
// It starts with room for FIRST_COUNT and doubles when it is full, up to LARGEST_COUNT.

import { EBADF, EBUSY, EMFILE, ENOMEM, isErrno } from "../../src/abi/errno";
import { FD_CLOEXEC } from "../../src/abi/files";
import { allocate, free } from "../memory/heap";
import { closeLocked, OpenFile } from "./open-file";

const FIRST_COUNT: u32 = 32;
/** Numbers are below this, whatever a process may have. */
export const LARGEST_COUNT: u32 = 4096;
/** As many descriptors as a process may have if it says nothing else: RLIMIT_NOFILE. */
export const USUAL_COUNT: u32 = 1024;
const ENTRY_SIZE: u32 = 8;
const FLAGS: usize = 4;
/** In place of flags, of an entry without a file. */
const RESERVED: u32 = 0xffffffff;

@unmanaged
export class FileTable {
  private entries: usize = 0;
  private count: u32 = 0;
  private lowestFree: u32 = 0;
  /** New numbers are below this: RLIMIT_NOFILE of the process. */
  limit: u32 = USUAL_COUNT;
  /** Threads that have it. */
  references: u32 = 0;

  /** The open file that a descriptor refers to, or null. */
  get(descriptor: u32): OpenFile | null {
    if (descriptor >= this.count) return null;
    return load<OpenFile | null>(this.entry(descriptor));
  }

  /** All descriptors are below this. */
  get size(): u32 {
    return this.count;
  }

  /** The lowest descriptor from `from` on that refers to a file, or -1. */
  next(from: u32): i32 {
    let descriptor = from;
    while (descriptor < this.count && this.get(descriptor) === null) descriptor++;
    return descriptor < this.count ? <i32>descriptor : -1;
  }

  /** FD_CLOEXEC or 0. */
  flags(descriptor: u32): u32 {
    return load<u32>(this.entry(descriptor), FLAGS);
  }

  setFlags(descriptor: u32, flags: u32): void {
    store<u32>(this.entry(descriptor), flags, FLAGS);
  }

  /**
   * Gives `file`, whose reference passes to the table, the lowest free number from `lowest` on.
   * The number, or -EMFILE or -ENOMEM: then the reference stays with the caller.
   */
  add(file: OpenFile, lowest: u32, flags: u32): i32 {
    const descriptor = this.findFree(lowest);
    if (descriptor >= 0) this.set(descriptor, file, flags);
    return descriptor;
  }

  /** Keeps the lowest free number for a file: settle() follows. The number, -EMFILE or -ENOMEM. */
  reserve(): i32 {
    const descriptor = this.findFree(0);
    if (descriptor >= 0) this.setFlags(descriptor, RESERVED);
    return descriptor;
  }

  /**
   * Ends the reservation of a number, which becomes that of the file at `opened`, whose reference
   * passes; or is free again, if that is -errno. The number or the errno.
   */
  settle(descriptor: u32, opened: usize, flags: u32): i32 {
    if (isErrno(<u32>opened)) {
      this.setFlags(descriptor, 0);
      this.noteFree(descriptor);
      return <i32>opened;
    }
    this.set(descriptor, changetype<OpenFile>(opened), flags);
    return <i32>descriptor;
  }

  /** The lowest number from `lowest` on that is free, with room for its entry; or -errno. */
  private findFree(lowest: u32): i32 {
    "inline";
    let descriptor = max<u32>(lowest, this.lowestFree);
    while (descriptor < this.count && !this.isFree(descriptor)) descriptor++;
    if (lowest <= this.lowestFree) this.lowestFree = descriptor;
    if (descriptor >= this.limit) return -EMFILE;
    const result = this.makeRoom(descriptor);
    return result !== 0 ? result : <i32>descriptor;
  }

  private noteFree(descriptor: u32): void {
    if (descriptor < this.lowestFree) this.lowestFree = descriptor;
  }

  private isFree(descriptor: u32): bool {
    const entry = this.entry(descriptor);
    return (load<u32>(entry) | load<u32>(entry, FLAGS)) === 0;
  }

  /**
   * Makes `descriptor` refer to `file`, whose reference passes; what it referred to is closed. The
   * number, -EBADF, -ENOMEM, or -EBUSY if another thread opens a file that is to have it.
   */
  replace(descriptor: u32, file: OpenFile, flags: u32): i32 {
    if (descriptor >= this.limit) return -EBADF;
    const result = this.makeRoom(descriptor);
    if (result !== 0) return result;
    const old = this.get(descriptor);
    if (old === null && !this.isFree(descriptor)) return -EBUSY;
    this.set(descriptor, file, flags);
    if (old !== null) {
      closeLocked(old, changetype<usize>(this));
      old.release();
    }
    return <i32>descriptor;
  }

  /** 0 or -EBADF. */
  close(descriptor: u32): i32 {
    const file = this.get(descriptor);
    if (file === null) return -EBADF;
    this.set(descriptor, null, 0);
    this.noteFree(descriptor);
    closeLocked(file, changetype<usize>(this));
    file.release();
    return 0;
  }

  /** Closes what execve must not hand on. */
  closeOnExecute(): void {
    for (let i: u32 = 0; i < this.count; i++) {
      if (this.get(i) !== null && (this.flags(i) & FD_CLOEXEC) !== 0) this.close(i);
    }
  }

  /** A second table that refers to the same files, or null when out of memory. */
  duplicate(): FileTable | null {
    const copy = createFileTable();
    if (copy === null) return null;
    if (copy.makeRoom(this.count - 1) !== 0) {
      copy.release();
      return null;
    }
    copy.limit = this.limit;
    for (let i: u32 = 0; i < this.count; i++) {
      const file = this.get(i);
      if (file === null) continue;
      file.retain();
      copy.set(i, file, this.flags(i));
    }
    return copy;
  }

  retain(): void {
    this.references++;
  }

  /** One thread fewer has the table; the last closes everything, and frees it. */
  release(): void {
    this.references--;
    if (this.references !== 0) return;
    for (let i: u32 = 0; i < this.count; i++) this.close(i);
    free(this.entries);
    free(changetype<usize>(this));
  }

  /** Makes the table large enough for `descriptor`. 0, -EMFILE or -ENOMEM. */
  makeRoom(descriptor: u32): i32 {
    if (descriptor < this.count) return 0;
    if (descriptor >= LARGEST_COUNT) return -EMFILE;
    let count = max<u32>(this.count, FIRST_COUNT);
    while (count <= descriptor) count *= 2;
    const entries = allocate(count * ENTRY_SIZE);
    if (entries === 0) return -ENOMEM;
    memory.copy(entries, this.entries, this.count * ENTRY_SIZE);
    free(this.entries);
    this.entries = entries;
    this.count = count;
    return 0;
  }

  private set(descriptor: u32, file: OpenFile | null, flags: u32): void {
    store<OpenFile | null>(this.entry(descriptor), file);
    this.setFlags(descriptor, flags);
  }

  private entry(descriptor: u32): usize {
    return this.entries + descriptor * ENTRY_SIZE;
  }
}

/** An empty table, or null when out of memory. */
export function createFileTable(): FileTable | null {
  const table = changetype<FileTable | null>(allocate(offsetof<FileTable>()));
  if (table === null) return null;
  table.references = 1;
  table.limit = USUAL_COUNT;
  if (table.makeRoom(0) === 0) return table;
  free(changetype<usize>(table));
  return null;
}
