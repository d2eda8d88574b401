// An inode of /proc: a row of the table, and what it is about there.
//
// Invariants
//   - It is about one process for good: when that is gone, the inode is about nothing, though
//     another one may have its id by then.
//   - Its number follows from what it is about, so a listing and stat(2) say the same.

import { EACCES, ESRCH } from "../../../src/abi/errno";
import { S_IFDIR, S_IFMT } from "../../../src/abi/files";
import { createEntry, DirectoryEntry } from "../../file/directory-entry";
import { FileSystem } from "../../file/file-system";
import { createInode, Inode } from "../../file/inode";
import { textLength } from "../../log/text-length";
import { mayInspect } from "../../process/access";
import { findSerial, Process } from "../../process/process";
import { Row } from "./row";

const ID_SHIFT: u32 = 16;
const DESCRIPTOR: u32 = 1 << 31;
/** A directory that everybody can read shows whose process it is, whoever may look into it. */
const OPEN_DIRECTORY: u32 = S_IFDIR | 0o555;

@unmanaged
export class ProcInode extends Inode {
  row: Row = changetype<Row>(0);
  /** The process that it is about: its id, and its serial number, 0: none. */
  pid: u32 = 0;
  serial: u32 = 0;
  /** The thread or the descriptor that it is about; if it is about the machine, the row's value. */
  subject: u32 = 0;

  /** The process, a zombie perhaps; null: it is gone, or there is none. */
  get process(): Process | null {
    return this.serial === 0 ? null : findSerial(this.serial);
  }

  /** Whether it was about a process that is gone. */
  get isOrphan(): bool {
    return this.pid !== 0 && this.process === null;
  }

  /** Gives it to whom its process belongs to now. */
  updateOwner(): void {
    const process = this.process;
    if (process === null) return;
    const who = process.thread.credentials;
    const isGuarded = process.isGuarded && this.mode !== OPEN_DIRECTORY;
    this.owner = isGuarded ? 0 : who.effectiveUser;
    this.group = isGuarded ? 0 : who.effectiveGroup;
  }

  /** Why the running thread may not have what the file says; 0: it may. */
  get refusal(): i32 {
    const process = this.process;
    if (process === null) return this.pid === 0 ? 0 : -ESRCH;
    return this.row.isPrivate && !mayInspect(process) ? -EACCES : 0;
  }
}

/** The number of the inode for a row of a process, and of a thread or a descriptor of it. */
export function inodeNumber(row: Row, pid: u32, subject: u32): u32 {
  if (pid === 0) return row.number;
  if (row.directory !== null) return ((subject === 0 ? pid : subject) << ID_SHIFT) | row.number;
  // The row of numbers: a process, a thread, or a descriptor.
  if ((row.mode & S_IFMT) !== S_IFDIR) return DESCRIPTOR | ((pid << ID_SHIFT) ^ subject);
  return ((subject === 0 ? pid : subject) << ID_SHIFT) | row.number;
}

/** The root's entry of a tree that begins at `row`, or null when out of memory. */
export function createRoot(fileSystem: FileSystem, row: Row): DirectoryEntry | null {
  const inode = createProcInode(fileSystem, row, null, 0);
  if (inode === null) return null;
  const entry = createEntry(null, inode, row.name, 0);
  if (entry === null) inode.release();
  return entry;
}

/** The inode of a row, about a process or the machine; null when out of memory. */
export function createProcInode(
  fileSystem: FileSystem,
  row: Row,
  process: Process | null,
  subject: u32,
): ProcInode | null {
  const made = createInode(fileSystem, row.mode, <u32>offsetof<ProcInode>());
  if (made === null) return null;
  const inode = changetype<ProcInode>(made);
  inode.row = row;
  inode.operations = row.operations;
  inode.subject = row.value;
  inode.links = (row.mode & S_IFMT) === S_IFDIR ? 2 : 1;
  if (process !== null) {
    inode.pid = process.pid;
    inode.serial = process.serial;
    inode.subject = subject;
    inode.updateOwner();
  }
  inode.number = inodeNumber(row, inode.pid, subject);
  if (row.target !== 0) {
    inode.data = row.target;
    inode.textLength = textLength(row.target);
  }
  return inode;
}
