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
// with its offset, and what came before stays; nothing here panics. Contents and names are copied,
// so that the archive's memory can be given back. See cpio(5), "New ASCII Format".

import { hexDigitValue } from "../../../src/abi/command-line";
import { ENOSPC, isErrno } from "../../../src/abi/errno";
import { NAME_MAX, S_IFDIR, S_IFMT, S_IFREG, S_PERMISSIONS } from "../../../src/abi/files";
import { timestamp } from "../../device/clock";
import { fillContents } from "../../file/contents";
import { DirectoryEntry, rootDirectory } from "../../file/directory-entry";
import { Inode, setLinkText } from "../../file/inode";
import { addLink, makeFile, removeDirectory, removeFile } from "../../file/names";
import { isDots } from "../../file/path";
import { warn } from "../../log/log";
import { isInside } from "../../memory/range";
import { forgetInodes, linkedInode, rememberInode } from "./hard-links";

const HEADER_SIZE: u32 = 110;
const FIELD_INODE: u32 = 6;
const FIELD_MODE: u32 = 14;
const FIELD_OWNER: u32 = 22;
const FIELD_GROUP: u32 = 30;
const FIELD_LINKS: u32 = 38;
const FIELD_MTIME: u32 = 46;
const FIELD_SIZE: u32 = 54;
const FIELD_MAJOR: u32 = 62;
const FIELD_MINOR: u32 = 70;
const FIELD_DEVICE_MAJOR: u32 = 78;
const FIELD_DEVICE_MINOR: u32 = 86;
const FIELD_NAME_SIZE: u32 = 94;
const FIELD_DIGITS: u32 = 8;
const SLASH: u32 = 0x2f;
const MAJOR_SHIFT: u32 = 8;
const NEW_DIRECTORY: u32 = S_IFDIR | 0o755;

/** The header of an entry, as numbers. */
@unmanaged
class Header {
  number: u32 = 0;
  mode: u32 = 0;
  owner: u32 = 0;
  group: u32 = 0;
  links: u32 = 0;
  modified: u32 = 0;
  size: u32 = 0;
  /** Of the file system that it comes from; with `number` it says which file this is. */
  origin: u32 = 0;
  device: u32 = 0;
  nameSize: u32 = 0;
  /** Where its contents begin in the archive. */
  data: u32 = 0;
}

const header = changetype<Header>(memory.data(offsetof<Header>(), 4));
let archive: usize = 0;
let archiveSize: u32 = 0;
/** The entry that messages are about. */
let entryOffset: u32 = 0;
/** A field of the entry was not a number. */
let hasBadField: bool = false;

/**
 * Adds the entries of the `size` bytes at `start` to the tree; how many there were. After each one
 * the function of index `passed` gets the offset up to which the archive is not needed any more.
 */
export function unpackInitramfs(start: usize, size: u32, passed: u32): u32 {
  archive = start;
  archiveSize = size;
  const count = addEntries(size, passed);
  forgetInodes();
  return count;
}

function addEntries(size: u32, passed: u32): u32 {
  let count: u32 = 0;
  let offset: u32 = 0;
  while (offset < size) {
    const next = addEntry(offset);
    if (next === 0) return count;
    count++;
    offset = next;
    call_indirect<void>(passed, offset);
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
  readHeader(offset);
  if (hasBadField) return complain(cstr("a number in it is not hexadecimal"));
  const name = offset + HEADER_SIZE;
  const nameSize = header.nameSize;
  if (nameSize === 0 || !isInside(name, nameSize, archiveSize))
    return complain(cstr("its name is cut off"));
  if (load<u8>(archive + name + nameSize - 1) !== 0) {
    return complain(cstr("its name does not end in NUL"));
  }
  if (isTrailer(name, nameSize)) return 0;
  header.data = alignWord(name + nameSize);
  if (!isInside(header.data, header.size, archiveSize))
    return complain(cstr("its contents are cut off"));
  const result = addNamed(name, nameSize - 1);
  if (result !== 0) {
    complain(cstr("there is not enough memory for it, nor for what comes after it"));
    return 0;
  }
  return alignWord(header.data + header.size);
}

function readHeader(offset: u32): void {
  header.number = hexField(offset + FIELD_INODE);
  header.mode = hexField(offset + FIELD_MODE);
  header.owner = hexField(offset + FIELD_OWNER);
  header.group = hexField(offset + FIELD_GROUP);
  header.links = hexField(offset + FIELD_LINKS);
  header.modified = hexField(offset + FIELD_MTIME);
  header.size = hexField(offset + FIELD_SIZE);
  header.origin = deviceNumber(hexField(offset + FIELD_MAJOR), hexField(offset + FIELD_MINOR));
  header.device = deviceNumber(
    hexField(offset + FIELD_DEVICE_MAJOR),
    hexField(offset + FIELD_DEVICE_MINOR),
  );
  header.nameSize = hexField(offset + FIELD_NAME_SIZE);
}

function deviceNumber(major: u32, minor: u32): u32 {
  return (major << MAJOR_SHIFT) | minor;
}

/**
 * Puts a file with that path into the tree, directories on the way included. 0, or -ENOSPC when out
 * of memory; what else is wrong is logged.
 */
function addNamed(path: u32, length: u32): i32 {
  const end = path + length;
  let directory = rootDirectory();
  let at = path;
  while (true) {
    while (at < end && byteAt(at) === SLASH) at++;
    const name = at;
    while (at < end && byteAt(at) !== SLASH) at++;
    const nameLength = at - name;
    if (nameLength === 0) return setAttributes(directory.inode); // "", "/": the root itself
    if (nameLength === 1 && isDots(archive + name, 1)) continue;
    if (isDots(archive + name, nameLength)) return refuse(cstr("its name leaves the tree"));
    if (nameLength > NAME_MAX) return refuse(cstr("a name in its path has more than 255 bytes"));
    if (!directory.inode.isDirectory)
      return refuse(cstr("its path goes through something that is not a directory"));
    if (isPathEnd(at, end)) return addUnnoticed(directory, archive + name, nameLength);
    let child = directory.find(archive + name, nameLength);
    if (child === null) {
      const made = makeFile(directory, archive + name, nameLength, NEW_DIRECTORY, 0);
      if (isErrno(<u32>made)) return <i32>made;
      child = changetype<DirectoryEntry>(made);
      child.release(); // its directory holds it
    }
    directory = child;
  }
}

function isPathEnd(at: u32, end: u32): bool {
  while (at < end && byteAt(at) === SLASH) at++;
  return at === end;
}

/** As addFile, with the directory's times as they were: they are the archive's. */
function addUnnoticed(directory: DirectoryEntry, name: usize, length: u32): i32 {
  const inode = directory.inode;
  const modified = inode.modified;
  const changed = inode.changed;
  const result = addFile(directory, name, length);
  inode.modified = modified;
  inode.changed = changed;
  return result;
}

/** The file that the entry is about. The last entry of a name counts. 0 or -ENOSPC. */
function addFile(directory: DirectoryEntry, name: usize, length: u32): i32 {
  const before = directory.find(name, length);
  if (before !== null) {
    if (before.inode.isDirectory && isDirectory()) return setAttributes(before.inode);
    const removed = before.inode.isDirectory ? removeDirectory(before) : removeFile(before);
    if (removed !== 0) return 0; // a directory with children stays one
  }
  const isShared = header.links > 1 && (header.mode & S_IFMT) === S_IFREG;
  const shared = isShared ? linkedInode(header.number, header.origin) : null;
  if (shared !== null) {
    const linked = addLink(directory, name, length, shared);
    return linked !== 0 || header.size === 0 ? linked : setContents(shared);
  }
  const made = makeFile(directory, name, length, header.mode, header.device);
  if (isErrno(<u32>made)) return <i32>made;
  const entry = changetype<DirectoryEntry>(made);
  entry.release(); // its directory holds it
  if (isShared) rememberInode(header.number, header.origin, entry.inode);
  return setContents(entry.inode);
}

function isDirectory(): bool {
  return (header.mode & S_IFMT) === S_IFDIR;
}

/** 0 or -ENOSPC. */
function setContents(inode: Inode): i32 {
  const from = archive + header.data;
  let hasRoom: bool = true;
  if (inode.isRegular) hasRoom = fillContents(inode, from, header.size);
  else if (inode.isLink) hasRoom = setLinkText(inode, from, header.size);
  setAttributes(inode);
  return hasRoom ? 0 : -ENOSPC;
}

/** Always 0. */
function setAttributes(inode: Inode): i32 {
  const time = timestamp(header.modified, 0);
  inode.mode = (inode.mode & S_IFMT) | (header.mode & S_PERMISSIONS);
  inode.owner = header.owner;
  inode.group = header.group;
  inode.accessed = time;
  inode.modified = time;
  inode.changed = time;
  return 0;
}

/** Leaves the entry out. Always 0. */
function refuse(what: usize): i32 {
  complain(what);
  return 0;
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
