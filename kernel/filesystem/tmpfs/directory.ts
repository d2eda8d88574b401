// Directories whose names are all entries: listing them.
//
// The position of a listing is 0 at `.`, 1 at `..`, and then FIRST_CHILD + the position of the next
// child among its siblings, so that it holds while names come and go.

import { EFAULT, EINVAL, ENOENT } from "../../../src/abi/errno";
import {
  DIRENT_INO,
  DIRENT_LENGTH,
  DIRENT_NAME,
  DIRENT_OFFSET,
  DIRENT_TYPE,
  NAME_MAX,
  S_IFMT,
} from "../../../src/abi/files";
import { currentTime } from "../../device/clock";
import { DirectoryEntry, namesVersion, rootDirectory } from "../../file/directory-entry";
import { FileOperations, Inode } from "../../file/inode";
import { parentOf, topOf } from "../../file/mount";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseRead, refuseWrite } from "../../file/refusals";
import { copyOut, UserPointer } from "../../memory/user-memory";

const FIRST_CHILD: u64 = 2;
/** S_IFDIR is DT_DIR shifted, and so on. */
const TYPE_SHIFT: u32 = 12;
/** The longest record, rounded up to a multiple of 8. */
const RECORD_SIZE: u32 = (DIRENT_NAME + NAME_MAX + 1 + 7) & ~7;
/** One directory entry, built here and copied out. */
const record: usize = memory.data(RECORD_SIZE, 8);
const DOTS: usize = cstr("..");

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Where the last listing stopped: it goes on there, if no name came or went since. */
let cursor: DirectoryEntry | null = null;
let cursorVersion: u32 = 0;

/** Fills the record of operations; before any file is opened. */
export function startDirectories(): void {
  operations.read = refuseRead.index;
  operations.write = refuseWrite.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = listDirectory.index;
  operations.seekable = true;
}

export function directoryOperations(): FileOperations {
  return operations;
}

function listDirectory(file: OpenFile, to: UserPointer, size: u32): i32 {
  const directory = file.entry!;
  if (directory.isRemoved) return -ENOENT;
  file.inode.accessed = currentTime();
  let child = childFrom(directory, file.position);
  let done: u32 = 0;
  while (true) {
    const length = buildRecord(directory, file.position, child);
    if (length === 0) return <i32>done;
    if (length > size - done) return done !== 0 ? <i32>done : -EINVAL;
    if (copyOut(to.plus(done), record, length) !== 0) return done !== 0 ? <i32>done : -EFAULT;
    done += length;
    file.position = load<u64>(record, DIRENT_OFFSET);
    if (file.position > FIRST_CHILD && child !== null) child = child.next;
    cursor = child;
    cursorVersion = namesVersion;
  }
}

/** The first child at `position` of a listing or after it, or null. */
function childFrom(directory: DirectoryEntry, position: u64): DirectoryEntry | null {
  let child = directory.firstChild;
  const last = cursor;
  if (last !== null && cursorVersion === namesVersion) {
    if (last.parent === directory && FIRST_CHILD + last.position <= position) child = last;
  }
  while (child !== null && FIRST_CHILD + child.position < position) child = child.next;
  return child;
}

/** Builds the record at `position` in `record`: its length, or 0 past the last one. */
function buildRecord(directory: DirectoryEntry, position: u64, child: DirectoryEntry | null): u32 {
  if (position === 0) return fillRecord(directory.inode, DOTS, 1, 1);
  if (position === 1) {
    const parent = parentOf(directory, rootDirectory());
    return fillRecord(parent.inode, DOTS, 2, FIRST_CHILD);
  }
  if (child === null) return 0;
  const inode = topOf(child).inode;
  return fillRecord(inode, child.name, child.nameLength, FIRST_CHILD + child.position + 1);
}

function fillRecord(inode: Inode, name: usize, nameLength: u32, following: u64): u32 {
  const length = (DIRENT_NAME + nameLength + 1 + 7) & ~7;
  memory.fill(record, 0, length);
  store<u64>(record, inode.number, DIRENT_INO);
  store<u64>(record, following, DIRENT_OFFSET);
  store<u16>(record, length, DIRENT_LENGTH);
  store<u8>(record, (inode.mode & S_IFMT) >> TYPE_SHIFT, DIRENT_TYPE);
  memory.copy(record + DIRENT_NAME, name, nameLength);
  return length;
}
