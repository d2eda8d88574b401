// The initramfs: a cpio archive ("newc") that the boot loader put into memory becomes the tree.
//
//   an entry   110 bytes of header: "070701", then 13 numbers of 8 hexadecimal digits
//                6 inode  14 mode  22 uid  30 gid  38 links  46 mtime  54 size of the contents
//                62 .. 86 device numbers  94 size of the name, its NUL included  102 check sum
//              the name, NUL, up to 3 bytes of padding: header and name are a multiple of 4
//              the contents, up to 3 bytes of padding
//   the end    an entry called TRAILER!!!
//
// The archive comes from outside: it may be cut off, corrupt or hostile. What is wrong is logged
// with its offset, and what came before stays; nothing here panics. Contents and names stay in the
// archive. See cpio(5), "New ASCII Format".

import { hexDigitValue } from "../../../src/abi/command-line";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../../src/abi/files";
import { createInode, Inode, rootDirectory } from "../../file/inode";
import { warn } from "../../log/log";
import { isInside } from "../../memory/range";
import { directoryOperations, regularOperations } from "./files";
import { addToIndex, endNameIndex, findIndexed, startNameIndex } from "./name-index";

const HEADER_SIZE: u32 = 110;
const FIELD_MODE: u32 = 14;
const FIELD_MTIME: u32 = 46;
const FIELD_SIZE: u32 = 54;
const FIELD_NAME_SIZE: u32 = 94;
const SLASH: u32 = 0x2f;
const FIELD_DIGITS: u32 = 8;

let archive: usize = 0;
let archiveSize: u32 = 0;
/** The entry that messages are about. */
let entryOffset: u32 = 0;
/** A field of the entry was not a number. */
let hasBadField: bool = false;

/** Adds the entries of the `size` bytes at `start` to the tree; how many there were. */
export function unpackInitramfs(start: usize, size: u32): u32 {
  archive = start;
  archiveSize = size;
  startNameIndex(size / HEADER_SIZE);
  const count = addEntries(size);
  endNameIndex();
  return count;
}

function addEntries(size: u32): u32 {
  let count: u32 = 0;
  let offset: u32 = 0;
  while (offset < size) {
    const next = addEntry(offset);
    if (next === 0) return count;
    count++;
    offset = next;
  }
  warn(cstr("initramfs: the archive ends without a trailer"));
  return count;
}

/** Adds the entry at `offset`; the offset of the next one, or 0 if this was the last. */
function addEntry(offset: u32): u32 {
  entryOffset = offset;
  hasBadField = false;
  if (!isInside(offset, HEADER_SIZE, archiveSize)) return complain(cstr("it is cut off"));
  if (!hasMagic(offset)) return complain(cstr("it does not begin with 070701"));
  const nameSize = hexField(offset + FIELD_NAME_SIZE);
  const size = hexField(offset + FIELD_SIZE);
  const mode = hexField(offset + FIELD_MODE);
  const mtime = hexField(offset + FIELD_MTIME);
  if (hasBadField) return complain(cstr("a number in it is not hexadecimal"));
  const name = offset + HEADER_SIZE;
  if (nameSize === 0 || !isInside(name, nameSize, archiveSize))
    return complain(cstr("its name is cut off"));
  if (load<u8>(archive + name + nameSize - 1) !== 0) {
    return complain(cstr("its name does not end in NUL"));
  }
  if (isTrailer(name, nameSize)) return 0;
  const data = alignWord(name + nameSize);
  if (!isInside(data, size, archiveSize)) return complain(cstr("its contents are cut off"));
  addNamed(name, nameSize - 1, mode, mtime, data, size);
  return alignWord(data + size);
}

/** Puts a file with that path into the tree, directories on the way included. */
function addNamed(path: u32, length: u32, mode: u32, mtime: u32, data: u32, size: u32): void {
  const end = path + length;
  let directory = rootDirectory();
  let at = path;
  while (true) {
    while (at < end && byteAt(at) === SLASH) at++;
    const name = at;
    while (at < end && byteAt(at) !== SLASH) at++;
    const nameLength = at - name;
    if (nameLength === 0) return; // "", "/": the root itself
    if (nameLength === 1 && byteAt(name) === 0x2e) continue;
    if (nameLength === 2 && byteAt(name) === 0x2e && byteAt(name + 1) === 0x2e) {
      complain(cstr("its name leaves the tree"));
      return;
    }
    const isLast = isPathEnd(at, end);
    const inode = childOf(directory, name, nameLength, isLast ? mode : S_IFDIR | 0o755);
    if (inode === null) return;
    if (!isLast) {
      directory = inode;
      continue;
    }
    setContents(inode, mode, mtime, data, size);
    return;
  }
}

function isPathEnd(at: u32, end: u32): bool {
  while (at < end && byteAt(at) === SLASH) at++;
  return at === end;
}

/**
 * The child of that name, made if it is not there. Null, and a line in the log, if it cannot be.
 */
function childOf(directory: Inode, name: u32, length: u32, mode: u32): Inode | null {
  if (!directory.isDirectory) {
    complain(cstr("its path goes through something that is not a directory"));
    return null;
  }
  const found = findIndexed(directory, archive + name, length);
  if (found !== null) return found;
  const inode = createInode(mode, archive + name, length);
  if (inode === null) {
    warn(cstr("initramfs: out of memory"));
    return null;
  }
  if (inode.isDirectory) inode.operations = directoryOperations();
  directory.add(inode);
  addToIndex(inode);
  return inode;
}

/** The last entry of a name counts, except that a directory with children stays one. */
function setContents(inode: Inode, mode: u32, mtime: u32, data: u32, size: u32): void {
  inode.modified = mtime;
  if (inode.firstChild !== null && (mode & S_IFMT) !== S_IFDIR) return;
  inode.mode = mode;
  inode.operations = null;
  switch (mode & S_IFMT) {
    case S_IFDIR:
      inode.operations = directoryOperations();
      return;
    case S_IFREG:
      inode.operations = regularOperations();
      inode.data = archive + data;
      inode.size = size;
      return;
    case S_IFLNK:
      inode.data = archive + data;
      inode.size = size;
      return;
    default: // devices and the like: the name is there, opening it fails
  }
}

function complain(what: usize): u32 {
  warn(cstr("initramfs: entry at offset %u: %s"), entryOffset, <u32>what);
  return 0;
}

/** 070701, or 070702 with check sums, which are not verified. */
function hasMagic(offset: u32): bool {
  const magic = cstr("07070");
  for (let i: u32 = 0; i < 5; i++) {
    if (byteAt(offset + i) !== load<u8>(magic + i)) return false;
  }
  return byteAt(offset + 5) === 0x31 || byteAt(offset + 5) === 0x32;
}

function isTrailer(name: u32, size: u32): bool {
  const trailer = cstr("TRAILER!!!");
  if (size !== 11) return false;
  for (let i: u32 = 0; i < 11; i++) {
    if (byteAt(name + i) !== load<u8>(trailer + i)) return false;
  }
  return true;
}

function hexField(offset: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < FIELD_DIGITS; i++) {
    const digit = hexDigitValue(byteAt(offset + i));
    if (digit < 0) hasBadField = true;
    value = (value << 4) | <u32>digit;
  }
  return value;
}

function alignWord(offset: u32): u32 {
  return (offset + 3) & ~3;
}

function byteAt(offset: u32): u32 {
  return load<u8>(archive + offset);
}
