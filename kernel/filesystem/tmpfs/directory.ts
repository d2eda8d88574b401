// Directories whose names are all entries: listing them.
//
// The position of a listing is 0 at `.`, 1 at `..`, and then FIRST_CHILD + the position of the next
// child among its siblings, so that it holds while names come and go.

import { ENOENT } from "../../../src/abi/errno";
import { currentTime } from "../../device/clock";
import { DirectoryEntry, namesVersion, rootDirectory } from "../../file/directory-entry";
import { sendRecord } from "../../file/directory-record";
import { FileOperations, Inode } from "../../file/inode";
import { parentOf, topOf } from "../../file/mount";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseRead, refuseWrite } from "../../file/refusals";
import { UserPointer } from "../../memory/user-memory";

const FIRST_CHILD: u64 = 2;
const DOTS: usize = cstr("..");

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Where the last listing stopped: it goes on there, if no name came or went since. */
let cursor: DirectoryEntry | null = null;
let cursorVersion: u32 = 0;
/** The position after the name that was sent last. */
let following: u64 = 0;

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
  let child = childFrom(directory.real, file.position);
  let done: u32 = 0;
  while (true) {
    const length = sendName(directory, file.position, child, to.plus(done), size - done);
    if (length <= 0) return done !== 0 ? <i32>done : length;
    done += <u32>length;
    file.position = following;
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

/** Sends the name at `position`: the length of its record, 0 past the last one, or -errno. */
function sendName(
  directory: DirectoryEntry,
  position: u64,
  child: DirectoryEntry | null,
  to: UserPointer,
  room: u32,
): i32 {
  if (position === 0) return send(directory.inode, DOTS, 1, 1, to, room);
  if (position === 1) {
    const parent = parentOf(directory, rootDirectory());
    return send(parent.inode, DOTS, 2, FIRST_CHILD, to, room);
  }
  if (child === null) return 0;
  const next = FIRST_CHILD + child.position + 1;
  return send(topOf(child).inode, child.name, child.nameLength, next, to, room);
}

function send(
  inode: Inode,
  name: usize,
  nameLength: u32,
  next: u64,
  to: UserPointer,
  room: u32,
): i32 {
  following = next;
  return sendRecord(to, room, inode.number, inode.mode, name, nameLength, next);
}
