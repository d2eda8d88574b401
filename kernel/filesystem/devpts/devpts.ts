// devpts: the names of the slaves of pseudo-terminals, /dev/pts/0 and so on.
//
// A name comes when a master is opened and goes when that is closed; programs make none. Inode
// numbers are those of Linux: 2 is ptmx, and a slave has its index and 3.

import { S_IFCHR, S_IFDIR } from "../../../src/abi/files";
import { createEntry, DirectoryEntry } from "../../file/directory-entry";
import { FileSystem } from "../../file/file-system";
import { createInode, FileOperations, Inode } from "../../file/inode";
import { Pty } from "../../terminal/pty";
import { currentCredentials } from "../../thread/credentials";
import { directoryOperations } from "../tmpfs/directory";

const DEVPTS_MAGIC: u32 = 0x1cd1;
const ROOT_NUMBER: u32 = 1;
const PTMX_NUMBER: u32 = 2;
const FIRST_SLAVE_NUMBER: u32 = 3;
/** Debian's group tty, whose programs may write to everybody's terminal. */
const TTY_GROUP: u32 = 5;
const SLAVE_MODE: u32 = S_IFCHR | 0o620;
const DIGITS: u32 = 10;

const fileSystem = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));
const name: usize = memory.data(DIGITS, 4);
let root: DirectoryEntry | null = null;

/** The tree, with the master's file in it, as on Linux without permissions; null: no memory. */
export function createDevpts(ptmx: u32, operations: FileOperations): DirectoryEntry | null {
  fileSystem.magic = DEVPTS_MAGIC;
  fileSystem.name = cstr("devpts");
  const inode = createInode(fileSystem, S_IFDIR | 0o755);
  if (inode === null) return null;
  inode.number = ROOT_NUMBER;
  inode.links = 2;
  inode.operations = directoryOperations();
  root = createEntry(null, inode, 0, 0);
  const master = createInode(fileSystem, S_IFCHR);
  if (root === null || master === null) return null;
  master.number = PTMX_NUMBER;
  master.device = ptmx;
  master.operations = operations;
  return addName(master, cstr("ptmx"), 4) === null ? null : root;
}

/** Names the slave of `pty`, which belongs to who opens the master. False when out of memory. */
export function nameSlave(pty: Pty, operations: FileOperations): bool {
  const inode = createInode(fileSystem, SLAVE_MODE);
  if (inode === null) return false;
  inode.number = FIRST_SLAVE_NUMBER + pty.index;
  inode.owner = currentCredentials().fileUser;
  inode.group = TTY_GROUP;
  inode.device = pty.device;
  inode.operations = operations;
  inode.data = changetype<usize>(pty.slave);
  const start = writeNumber(pty.index);
  const entry = addName(inode, name + start, DIGITS - start);
  if (entry !== null) pty.entry = entry;
  return entry !== null;
}

/** Takes the slave's name away; who has it open keeps the file. */
export function removeSlave(pty: Pty): void {
  const entry = pty.entry;
  entry.inode.data = 0;
  entry.inode.links = 0;
  entry.unlink();
  entry.release();
}

/** A name in the root for `inode`, whose reference passes, or null. */
function addName(inode: Inode, text: usize, length: u32): DirectoryEntry | null {
  const entry = createEntry(root, inode, text, length);
  if (entry === null) {
    inode.release();
    return null;
  }
  inode.links = 1;
  root!.link(entry);
  root!.inode.noteModified();
  return entry;
}

/** Writes the number's digits at the end of `name`; where they begin. */
function writeNumber(value: u32): u32 {
  let at = DIGITS;
  let rest = value;
  do {
    store<u8>(name + --at, 0x30 + (rest % 10));
    rest /= 10;
  } while (rest !== 0);
  return at;
}
