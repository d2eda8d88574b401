// Directories of /proc: names that are looked up, and listed.
//
// An entry exists while someone uses it. One that a path comes by again belongs to whom its process
// belongs to now, and is dropped if what it was about is gone.
//
// The position of a listing is 0 at `.`, 1 at `..`, then FIRST_ROW + the index of a row, then
// FIRST_NUMBER + a number.

import { EBADF, ENOENT, ENOMEM, ESRCH } from "../../../src/abi/errno";
import { createEntry, DirectoryEntry, rootDirectory } from "../../file/directory-entry";
import { sendRecord } from "../../file/directory-record";
import { FileOperations } from "../../file/inode";
import { parentOf, topOf } from "../../file/mount";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseRead, refuseWrite } from "../../file/refusals";
import { UserPointer } from "../../memory/user-memory";
import { findProcess, Process } from "../../process/process";
import { createProcInode, inodeNumber, ProcInode } from "./proc-inode";
import { findRow, Row, rowAt } from "./row";

const FIRST_ROW: u64 = 2;
const FIRST_NUMBER: u64 = 1 << 16;
const DOTS: usize = cstr("..");
/** A number has so many digits at most: no id and no descriptor is larger. */
const MOST_DIGITS: u32 = 9;
const digits: usize = memory.data(12);

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of operations and returns it. */
export function procDirectoryOperations(): FileOperations {
  operations.open = openDirectory.index;
  operations.read = refuseRead.index;
  operations.write = refuseWrite.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = listDirectory.index;
  operations.seekable = true;
  return operations;
}

function inodeOf(entry: DirectoryEntry): ProcInode {
  return changetype<ProcInode>(entry.inode);
}

/** What is seen at that name, retained, or -errno: a file system's `lookup`. */
export function lookUp(directory: DirectoryEntry, name: usize, length: u32): usize {
  const inode = inodeOf(directory);
  if (inode.isOrphan) return -ESRCH;
  const known = directory.find(name, length);
  if (known !== null) {
    const top = topOf(known);
    if (top !== known || isStillThere(inode, inodeOf(known))) {
      top.retain();
      return changetype<usize>(top);
    }
    known.unlink();
  }
  const row = findRow(inode.row, name, length);
  if (row !== null) return make(directory, name, length, row, inode.process, inode.subject);
  return lookUpNumber(directory, name, length);
}

/** Whether what `child` is about is still in its directory; if so, its owner is right from now. */
function isStillThere(directory: ProcInode, child: ProcInode): bool {
  if (child.isOrphan) return false;
  child.updateOwner();
  if (child.row.directory !== null) return true;
  const number = directory.row.leadsToProcesses ? child.pid : child.subject;
  return hasNumber(directory, number);
}

function lookUpNumber(directory: DirectoryEntry, name: usize, length: u32): usize {
  const inode = inodeOf(directory);
  const number = numberOf(name, length);
  if (inode.row.next === 0 || number < 0 || !hasNumber(inode, <u32>number)) return -ENOENT;
  const row = inode.row.child!;
  if (inode.row.leadsToProcesses) {
    return make(directory, name, length, row, findProcess(<u32>number), 0);
  }
  return make(directory, name, length, row, inode.process, <u32>number);
}

function hasNumber(directory: ProcInode, number: u32): bool {
  return nextNumber(directory, number) === <i32>number;
}

function nextNumber(directory: ProcInode, from: u32): i32 {
  return call_indirect<i32>(directory.row.next, directory.process, directory.subject, from);
}

/** The number that a name is, without leading zeros; -1: it is none. */
function numberOf(name: usize, length: u32): i32 {
  if (length > MOST_DIGITS || (length > 1 && load<u8>(name) === 0x30)) return -1;
  let number: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const digit = <u32>load<u8>(name + i) - 0x30;
    if (digit > 9) return -1;
    number = number * 10 + digit;
  }
  return <i32>number;
}

function make(
  directory: DirectoryEntry,
  name: usize,
  length: u32,
  row: Row,
  process: Process | null,
  subject: u32,
): usize {
  const inode = createProcInode(directory.inode.fileSystem, row, process, subject);
  if (inode === null) return -ENOMEM;
  const entry = createEntry(directory, inode, name, length);
  if (entry === null) {
    inode.release();
    return -ENOMEM;
  }
  directory.link(entry);
  return changetype<usize>(entry);
}

/** The process whose own directory a file is: its record, -ESRCH, or -EBADF: it is another file. */
export function processOfDirectory(file: OpenFile): usize {
  if (file.operations !== operations) return -EBADF;
  const inode = changetype<ProcInode>(file.inode);
  // Others are of a row that is in a directory, or about a thread.
  if (inode.pid === 0 || inode.row.directory !== null || inode.subject !== 0) return -EBADF;
  const process = inode.process;
  return process === null ? -ESRCH : changetype<usize>(process);
}

/** Drops the entry of a process that is about to go: its id may come back. */
export function forgetNumber(directory: DirectoryEntry, number: u32): void {
  const length = writeNumber(number);
  const entry = directory.find(digits, length);
  if (entry !== null && entry.mounted === null) entry.unlink();
}

function openDirectory(file: OpenFile): i32 {
  return changetype<ProcInode>(file.inode).refusal;
}

function listDirectory(file: OpenFile, to: UserPointer, size: u32): i32 {
  const inode = changetype<ProcInode>(file.inode);
  if (inode.isOrphan) return -ENOENT;
  const refusal = inode.refusal;
  if (refusal !== 0) return refusal;
  let done: u32 = 0;
  while (true) {
    const length = sendName(file.entry!, file.position, to.plus(done), size - done);
    if (length <= 0) return done !== 0 ? <i32>done : length;
    done += <u32>length;
    file.position = following;
  }
}

/** The position after the name that was sent last. */
let following: u64 = 0;

/** Sends the name at `position` or after it: its record's length, 0 past the last, or -errno. */
function sendName(directory: DirectoryEntry, position: u64, to: UserPointer, room: u32): i32 {
  const inode = inodeOf(directory);
  following = position + 1;
  if (position === 0) return sendRecord(to, room, inode.number, inode.mode, DOTS, 1, following);
  if (position === 1) {
    const parent = parentOf(directory, rootDirectory()).inode;
    return sendRecord(to, room, parent.number, parent.mode, DOTS, 2, following);
  }
  if (position >= FIRST_NUMBER) return sendNumber(inode, <u32>(position - FIRST_NUMBER), to, room);
  let index = <u32>(position - FIRST_ROW);
  let row = rowAt(index);
  while (row !== null && row.directory !== inode.row) row = rowAt(++index);
  if (row === null) return sendNumber(inode, 0, to, room);
  following = FIRST_ROW + index + 1;
  const number = inodeNumber(row, inode.pid, inode.subject);
  return sendRecord(to, room, number, row.mode, row.name, row.nameLength, following);
}

function sendNumber(directory: ProcInode, from: u32, to: UserPointer, room: u32): i32 {
  const row = directory.row;
  const found = row.next === 0 ? -1 : nextNumber(directory, from);
  following = FIRST_NUMBER + <u64>from;
  if (found < 0) return 0;
  const number = <u32>found;
  following = FIRST_NUMBER + <u64>number + 1;
  const pid = row.leadsToProcesses ? number : directory.pid;
  const subject = row.leadsToProcesses ? 0 : number;
  const inode = inodeNumber(row.child!, pid, subject);
  return sendRecord(to, room, inode, row.child!.mode, digits, writeNumber(number), following);
}

/** Writes the number into `digits`; how many there are. */
function writeNumber(number: u32): u32 {
  let length: u32 = 1;
  for (let rest = number; rest >= 10; rest /= 10) length++;
  let rest = number;
  for (let i = length; i > 0; i--) {
    store<u8>(digits + i - 1, 0x30 + (rest % 10));
    rest /= 10;
  }
  return length;
}
