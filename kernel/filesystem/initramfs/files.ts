// Files and directories of the initramfs: read only, contents in memory.

import { EFAULT, EINVAL } from "../../../src/abi/errno";
import {
  DIRENT_INO,
  DIRENT_LENGTH,
  DIRENT_NAME,
  DIRENT_OFFSET,
  DIRENT_TYPE,
  DT_CHR,
  DT_DIR,
  DT_LNK,
  DT_REG,
  NAME_MAX,
} from "../../../src/abi/files";
import { FileOperations, Inode } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseRead, refuseReadDirectory, refuseWrite } from "../../file/refusals";
import { sendBytes, transferSize } from "../../file/transfer";
import { copyOut, UserPointer } from "../../memory/user-memory";

const regular = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const directory = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
/** The longest entry, rounded up to a multiple of 8. */
const RECORD_SIZE: u32 = (DIRENT_NAME + NAME_MAX + 1 + 7) & ~7;
/** One directory entry, built here and copied out. */
const record: usize = memory.data(RECORD_SIZE, 8);
const DOTS: usize = cstr("..");
/** Child number `cursorIndex` of `cursorParent`: lists go on there. The tree never changes. */
let cursor: Inode | null = null;
let cursorParent: Inode | null = null;
let cursorIndex: u64 = 0;

/** Fills the records of operations; before any file is opened. */
export function startInitramfsFiles(): void {
  regular.read = readRegular.index;
  regular.write = refuseWrite.index;
  regular.ioctl = refuseIoctl.index;
  regular.readDirectory = refuseReadDirectory.index;
  regular.seekable = true;
  directory.read = refuseRead.index;
  directory.write = refuseWrite.index;
  directory.ioctl = refuseIoctl.index;
  directory.readDirectory = listDirectory.index;
  directory.seekable = true;
}

export function regularOperations(): FileOperations {
  return regular;
}

export function directoryOperations(): FileOperations {
  return directory;
}

function readRegular(file: OpenFile, to: UserPointer, size: u32): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  const inode = file.inode;
  if (file.position >= inode.size) return 0;
  const start = <u32>file.position;
  const count = sendBytes(to, inode.data + start, min<u32>(<u32>wanted, inode.size - start));
  if (count > 0) file.position += <u64>count;
  return count;
}

/** The position of a directory counts entries: 0 is `.`, 1 is `..`, then the children. */
function listDirectory(file: OpenFile, to: UserPointer, size: u32): i32 {
  let done: u32 = 0;
  while (true) {
    const length = buildEntry(file.inode, file.position);
    if (length === 0) return <i32>done;
    if (length > size - done) return done !== 0 ? <i32>done : -EINVAL;
    if (copyOut(to.plus(done), record, length) !== 0) {
      return done !== 0 ? <i32>done : -EFAULT;
    }
    done += length;
    file.position++;
  }
}

/** Builds entry `index` of `parent` in `record`: its length, or 0 past the last one. */
function buildEntry(parent: Inode, index: u64): u32 {
  if (index === 0) return fillEntry(parent, DOTS, 1, index);
  if (index === 1) return fillEntry(parent.parent!, DOTS, 2, index);
  const child = childAt(parent, index - 2);
  return child === null ? 0 : fillEntry(child, child.name, child.nameLength, index);
}

/** The child of that number, or null: one step, if the one before was asked for last. */
function childAt(parent: Inode, index: u64): Inode | null {
  if (cursor === null || cursorParent !== parent || index < cursorIndex) {
    cursor = parent.firstChild;
    cursorParent = parent;
    cursorIndex = 0;
  }
  for (; cursor !== null && cursorIndex < index; cursorIndex++) cursor = cursor!.next;
  return cursor;
}

function fillEntry(inode: Inode, name: usize, nameLength: u32, index: u64): u32 {
  const kept = min<u32>(nameLength, NAME_MAX);
  const length = (DIRENT_NAME + kept + 1 + 7) & ~7;
  memory.fill(record, 0, length);
  store<u64>(record, inode.number, DIRENT_INO);
  store<u64>(record, index + 1, DIRENT_OFFSET);
  store<u16>(record, length, DIRENT_LENGTH);
  store<u8>(record, entryType(inode), DIRENT_TYPE);
  memory.copy(record + DIRENT_NAME, name, kept);
  return length;
}

function entryType(inode: Inode): u32 {
  if (inode.isDirectory) return DT_DIR;
  if (inode.isDevice) return DT_CHR;
  return inode.isLink ? DT_LNK : DT_REG;
}
