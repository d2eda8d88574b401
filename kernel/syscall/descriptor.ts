// System calls about descriptors: what makes, copies and closes them.

import {
  EACCES,
  EBADF,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOMEM,
  ENOTDIR,
  ENXIO,
  EPERM,
  ETXTBSY,
  isErrno,
} from "../../src/abi/errno";
import {
  AT_FDCWD,
  F_ADD_SEALS,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GET_SEALS,
  F_GETFD,
  F_GETFL,
  F_GETPIPE_SZ,
  F_SETFD,
  F_SETFL,
  F_SETPIPE_SZ,
  FD_CLOEXEC,
  O_ACCMODE,
  O_APPEND,
  O_ASYNC,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECT,
  O_DIRECTORY,
  O_EXCL,
  O_LARGEFILE,
  O_NOATIME,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_SYNC,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  R_OK,
  S_IFMT,
  S_IFREG,
  S_PERMISSIONS,
  W_OK,
} from "../../src/abi/files";
import { MS_NODEV } from "../../src/abi/linux/mount";
import { DirectoryEntry } from "../file/directory-entry";
import { LARGEST_COUNT } from "../file/file-table";
import { Inode } from "../file/inode";
import { restrictions } from "../file/mount";
import { makeFile, makeUnnamed } from "../file/names";
import { allocateOpenFile, OpenFile, openFile, openRecord } from "../file/open-file";
import { lastHasSlash, lastLength, lastName, missingIn, PathEnd } from "../file/path";
import { accessRefusal, ownsFile } from "../file/permission";
import { viewOf } from "../file/view";
import { createPipeInode, pipeSize, setPipeSize } from "../filesystem/pipe/pipe-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { free } from "../memory/heap";
import { copyOut, UserPointer, userPointer } from "../memory/user-memory";
import { currentContext, currentFiles } from "../process/thread-files";
import { controlLock, isLockCommand } from "./lock";
import { resolveUserPath, takePath } from "./path-argument";
import { addSeals, seals } from "./seal";

/** What open remembers of its flags. */
const KEPT_FLAGS: u32 =
  O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_LARGEFILE | O_NOATIME;
/** What O_PATH leaves of the others. */
const PATH_FLAGS: u32 = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/** What F_SETFL can change. */
const STATUS_FLAGS: u32 = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;
const CLOSE_RANGE_CLOEXEC: u32 = 4;

const pair: usize = memory.data(8, 4);
/** Whether the file that is being opened was made for it. */
let wasMade: bool = false;

/** open(path, flags, mode) */
export function open(frame: TrapFrame): i32 {
  return openPath(AT_FDCWD, userPointer(frame.arg0), frame.arg1, frame.arg2);
}

/** openat(directory, path, flags, mode) */
export function openat(frame: TrapFrame): i32 {
  return openPath(frame.arg0, userPointer(frame.arg1), frame.arg2, frame.arg3);
}

/** creat(path, mode) */
export function creat(frame: TrapFrame): i32 {
  const flags = O_CREAT | O_WRONLY | O_TRUNC;
  return openPath(AT_FDCWD, userPointer(frame.arg0), flags, frame.arg1);
}

/** pipe(files): two descriptors, to read and to write. */
export function pipe(frame: TrapFrame): i32 {
  return makePipe(userPointer(frame.arg0), 0);
}

/** pipe2(files, flags) */
export function pipe2(frame: TrapFrame): i32 {
  if ((frame.arg1 & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) !== 0) return -EINVAL;
  return makePipe(userPointer(frame.arg0), frame.arg1);
}

/** close(file) */
export function close(frame: TrapFrame): i32 {
  return currentFiles().close(frame.arg0);
}

/** close_range(first, last, flags) */
export function closeRange(frame: TrapFrame): i32 {
  const first = frame.arg0;
  if (first > frame.arg1 || (frame.arg2 & ~CLOSE_RANGE_CLOEXEC) !== 0) return -EINVAL;
  const files = currentFiles();
  const last = min<u32>(frame.arg1, LARGEST_COUNT - 1);
  for (let i = first; i <= last; i++) {
    if (frame.arg2 === 0) files.close(i);
    else if (files.get(i) !== null) files.setFlags(i, FD_CLOEXEC);
  }
  return 0;
}

/** dup(file) */
export function dup(frame: TrapFrame): i32 {
  return duplicate(frame.arg0, 0, 0);
}

/** dup2(file, number) */
export function dup2(frame: TrapFrame): i32 {
  if (fileArgument(frame.arg0) === null) return -EBADF;
  if (frame.arg0 === frame.arg1) return <i32>frame.arg1;
  return replace(frame.arg0, frame.arg1, 0);
}

/** dup3(file, number, flags) */
export function dup3(frame: TrapFrame): i32 {
  if ((frame.arg2 & ~O_CLOEXEC) !== 0 || frame.arg0 === frame.arg1) return -EINVAL;
  return replace(frame.arg0, frame.arg1, frame.arg2);
}

/** fcntl64(file, command, argument) */
export function fcntl64(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const files = currentFiles();
  if (isLockCommand(frame.arg1)) {
    if ((file.flags & O_PATH) !== 0) return -EBADF;
    return controlLock(frame.arg0, file, frame.arg1, frame.arg2);
  }
  switch (frame.arg1) {
    case F_DUPFD:
      return duplicate(frame.arg0, frame.arg2, 0);
    case F_DUPFD_CLOEXEC:
      return duplicate(frame.arg0, frame.arg2, FD_CLOEXEC);
    case F_GETFD:
      return <i32>files.flags(frame.arg0);
    case F_SETFD:
      files.setFlags(frame.arg0, frame.arg2 & FD_CLOEXEC);
      return 0;
    case F_GETFL:
      return <i32>file.flags;
    case F_SETFL:
      if ((file.flags & O_PATH) !== 0) return -EBADF;
      file.flags = (file.flags & ~STATUS_FLAGS) | (frame.arg2 & STATUS_FLAGS);
      return 0;
    case F_ADD_SEALS:
      return addSeals(file, frame.arg2);
    case F_GET_SEALS:
      return seals(file);
    case F_GETPIPE_SZ:
      return hasPipe(file) ? pipeSize(file) : -EBADF;
    case F_SETPIPE_SZ:
      return hasPipe(file) ? setPipeSize(file, frame.arg2) : -EBADF;
    default:
      return -EINVAL;
  }
}

function hasPipe(file: OpenFile): bool {
  return file.inode.isFifo && (file.flags & O_PATH) === 0;
}

/** The open file of a descriptor, or null. */
export function fileArgument(descriptor: u32): OpenFile | null {
  return currentFiles().get(descriptor);
}

/** The same, for what cannot be done with a file that is open as a path alone: null as well. */
export function usableFile(descriptor: u32): OpenFile | null {
  const file = fileArgument(descriptor);
  return file !== null && (file.flags & O_PATH) !== 0 ? null : file;
}

/** Gives an open file, whose reference passes, a descriptor: its number or -errno. */
export function addDescriptor(file: OpenFile, flags: u32): i32 {
  const result = currentFiles().add(file, 0, descriptorFlags(flags));
  if (result < 0) file.release();
  return result;
}

/** As addDescriptor(), of what was opened: an open file's address, or -errno. */
export function describe(opened: usize, flags: u32): i32 {
  if (isErrno(<u32>opened)) return <i32>opened;
  return addDescriptor(changetype<OpenFile>(opened), flags);
}

/** Which of the flags that a file is opened with are its descriptor's. */
export function descriptorFlags(flags: u32): u32 {
  return (flags & O_CLOEXEC) !== 0 ? FD_CLOEXEC : 0;
}

function openPath(descriptor: u32, path: UserPointer, given: u32, mode: u32): i32 {
  const flags = (given & O_PATH) !== 0 ? given & PATH_FLAGS : given;
  if ((flags & O_ACCMODE) === O_ACCMODE) return -EINVAL;
  const taken = takePath(path);
  if (taken < 0) return taken;
  // A file is made, emptied or waited for only once nothing but the file can be in the way.
  const files = currentFiles();
  const number = files.reserve();
  if (number < 0) return number;
  const opened = openFound(descriptor, flags, mode & S_PERMISSIONS);
  return files.settle(number, opened, descriptorFlags(flags));
}

/** Opens what the path that was taken leads to, or what is made there: its address or -errno. */
function openFound(descriptor: u32, flags: u32, mode: u32): usize {
  const record = allocateOpenFile();
  if (record === 0) return -ENOMEM;
  wasMade = false;
  const isUnnamed = (flags & O_TMPFILE) === O_TMPFILE;
  const found = isUnnamed
    ? makeWithoutName(descriptor, flags, mode)
    : findOrMake(descriptor, flags, mode);
  if (isErrno(<u32>found)) {
    free(record);
    return found;
  }
  const entry = changetype<DirectoryEntry>(found);
  const opened = openEntry(record, entry, isUnnamed ? flags & ~O_TMPFILE : flags);
  entry.release();
  return opened;
}

/** The entry to open, retained, made if that is asked for and it is not there; or -errno. */
function findOrMake(descriptor: u32, flags: u32, mode: u32): usize {
  // A link that leads nowhere is in the way of a new file as well.
  const isNew = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const staysAtLink = isNew || (flags & O_NOFOLLOW) !== 0;
  const found = resolveUserPath(descriptor, staysAtLink ? PathEnd.link : PathEnd.file);
  if (!isErrno(<u32>found)) return isNew ? exists(found) : found;
  const directory = missingIn;
  if ((flags & O_CREAT) === 0 || <i32>found !== -ENOENT || directory === null) return found;
  if (lastHasSlash) return -EISDIR;
  return makeIn(directory, mode, false);
}

/** O_TMPFILE: the entry of a new file in the directory that is named, retained; or -errno. */
function makeWithoutName(descriptor: u32, flags: u32, mode: u32): usize {
  if ((flags & O_ACCMODE) === O_RDONLY || (flags & O_CREAT) !== 0) return -EINVAL;
  const found = resolveUserPath(descriptor, PathEnd.file);
  if (isErrno(<u32>found)) return found;
  const directory = changetype<DirectoryEntry>(found);
  const made = makeIn(directory, mode, true);
  directory.release();
  if (isErrno(<u32>made)) return made;
  // Said so, it stays without a name for good.
  if ((flags & O_EXCL) !== 0) changetype<DirectoryEntry>(made).inode.mayGetName = false;
  return made;
}

/** Makes a file with the last name, or without one: its entry as it is seen there, or -errno. */
function makeIn(directory: DirectoryEntry, permissions: u32, isUnnamed: bool): usize {
  const mode = S_IFREG | (permissions & ~currentContext().umask);
  const real = directory.real;
  wasMade = true;
  const made = isUnnamed ? makeUnnamed(real, mode) : makeFile(real, lastName, lastLength, mode, 0);
  if (isErrno(<u32>made) || directory.origin === null) return made;
  const entry = changetype<DirectoryEntry>(made);
  const seen = viewOf(directory, entry);
  entry.release();
  return seen;
}

function exists(entry: usize): usize {
  changetype<DirectoryEntry>(entry).release();
  return -EEXIST;
}

/** Opens the file that was found, in `record`, which an errno frees: its address or -errno. */
function openEntry(record: usize, entry: DirectoryEntry, flags: u32): usize {
  const refusal = (flags & O_PATH) !== 0 ? pathRefusal(entry, flags) : openRefusal(entry, flags);
  if (refusal !== 0) {
    free(record);
    return refusal;
  }
  const kept = flags & (KEPT_FLAGS | O_PATH | O_NOCTTY);
  const opened = openRecord(record, entry, entry.inode, kept);
  if (isErrno(<u32>opened)) return opened;
  // It was for the open operation alone.
  changetype<OpenFile>(opened).flags &= ~O_NOCTTY;
  const truncates = (flags & O_TRUNC) !== 0 && entry.inode.isRegular && !wasMade;
  if (truncates) truncate(entry.inode);
  return opened;
}

function truncate(inode: Inode): void {
  const object = inode.object;
  if (object === null) return; // its text is made when it is read
  object.truncate(0);
  inode.noteModified();
}

function pathRefusal(entry: DirectoryEntry, flags: u32): i32 {
  return (flags & O_DIRECTORY) !== 0 && !entry.inode.isDirectory ? -ENOTDIR : 0;
}

/** Why the file cannot be opened with `flags`, in Linux's order; 0: it can. */
function openRefusal(entry: DirectoryEntry, flags: u32): i32 {
  const inode = entry.inode;
  if (inode.isLink) return (flags & O_DIRECTORY) !== 0 ? -ENOTDIR : -ELOOP;
  const writes = (flags & (O_ACCMODE | O_TRUNC)) !== O_RDONLY;
  if (inode.isDirectory) {
    if (writes || (flags & O_CREAT) !== 0) return -EISDIR;
  } else if ((flags & O_DIRECTORY) !== 0) return -ENOTDIR;
  if ((restrictions & MS_NODEV) !== 0 && inode.isDevice) return -EACCES;
  // What a program makes it may open, whatever the mode says.
  if (!wasMade) {
    const refusal = accessRefusal(inode, wantedAccess(flags));
    if (refusal !== 0) return refusal;
  }
  if ((flags & O_NOATIME) !== 0 && !ownsFile(inode)) return -EPERM;
  if ((flags & O_TRUNC) !== 0 && inode.isRegular && inode.writers < 0) return -ETXTBSY;
  return inode.operations === null || isOpenedOnce(inode) ? -ENXIO : 0;
}

/**
 * Whether the file goes with its one open file: a socket, or one of events. A path leads to it by
 * way of /proc/self/fd.
 */
function isOpenedOnce(inode: Inode): bool {
  return inode.isSocket || (inode.mode & S_IFMT) === 0;
}

function wantedAccess(flags: u32): u32 {
  const writes = (flags & (O_WRONLY | O_RDWR | O_TRUNC)) !== 0 ? W_OK : 0;
  return (flags & O_ACCMODE) === O_WRONLY ? writes : writes | R_OK;
}

function makePipe(to: UserPointer, flags: u32): i32 {
  const inode = createPipeInode();
  if (inode === null) return -ENOMEM;
  const reader = openEnd(inode, flags | O_RDONLY);
  const writer = reader < 0 ? reader : openEnd(inode, flags | O_WRONLY);
  inode.release();
  if (writer < 0) {
    if (reader >= 0) currentFiles().close(reader);
    return writer;
  }
  store<u32>(pair, reader);
  store<u32>(pair, writer, 4);
  const result = copyOut(to, pair, 8);
  if (result === 0) return 0;
  currentFiles().close(reader);
  currentFiles().close(writer);
  return result;
}

/** A descriptor of one end of a pipe, or -errno. */
function openEnd(inode: Inode, flags: u32): i32 {
  return describe(openFile(null, inode, flags & (O_ACCMODE | O_NONBLOCK | O_DIRECT)), flags);
}

function duplicate(descriptor: u32, lowest: u32, flags: u32): i32 {
  const file = fileArgument(descriptor);
  if (file === null) return -EBADF;
  if (lowest >= currentFiles().limit) return -EINVAL;
  file.retain();
  const result = currentFiles().add(file, lowest, flags);
  if (result < 0) file.release();
  return result;
}

/** Makes `number` a second descriptor of the file that `descriptor` stands for. */
function replace(descriptor: u32, number: u32, flags: u32): i32 {
  const file = fileArgument(descriptor);
  if (file === null) return -EBADF;
  file.retain();
  const result = currentFiles().replace(number, file, descriptorFlags(flags));
  if (result < 0) file.release();
  return result;
}
