// System calls about what a file is, whatever is in it: its status, mode, owner and times.

import { EBADF, EINVAL, EPERM, EROFS, isErrno } from "../../src/abi/errno";
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_STATX_SYNC_TYPE,
  AT_SYMLINK_NOFOLLOW,
  R_OK,
  S_IFMT,
  S_ISGID,
  S_ISUID,
  S_IXGRP,
  S_PERMISSIONS,
  STATX_RESERVED,
  UTIME_NOW,
  UTIME_OMIT,
  W_OK,
  X_OK,
} from "../../src/abi/files";
import { CAP_CHOWN, CAP_FSETID } from "../../src/abi/linux/capability";
import { currentTime, timestamp } from "../device/clock";
import { Inode } from "../file/inode";
import { noteSeen } from "../file/mount";
import { OpenFile } from "../file/open-file";
import { accessRefusal, isFixed, ownsFile, realAccessRefusal } from "../file/permission";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, userAddress, userPointer } from "../memory/user-memory";
import { currentContext } from "../process/thread-files";
import { currentCredentials } from "../thread/credentials";
import { fileArgument, usableFile } from "./descriptor";
import { isSpaceSize, sendSpace } from "./file-space";
import { sendExtendedStatus, sendOldStatus, sendStatus } from "./file-status";
import { inodeAt, inodeOf } from "./path-argument";
import { longId } from "./short-id";

const NO_ID: u32 = 0xffffffff;
const STAT_FLAGS: u32 = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
const NANOSECONDS_PER_SECOND: u32 = 1000000000;
const MICROSECONDS_PER_SECOND: u32 = 1000000;
const NANOSECONDS_PER_MICROSECOND: u32 = 1000;
/** Two times: of 8 bytes each, or of 16 with 64-bit seconds. */
const times: usize = memory.data(32, 8);

/** What is done to a file that a path or a descriptor names. */
enum Work {
  status,
  oldStatus,
  extendedStatus,
  space,
  space64,
  mode,
  owner,
  access,
  realAccess,
}

/** stat64(path, to) */
export function stat64(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, 0, Work.status, frame.arg1);
}

/** lstat64(path, to) */
export function lstat64(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, AT_SYMLINK_NOFOLLOW, Work.status, frame.arg1);
}

/** fstat64(file, to) */
export function fstat64(frame: TrapFrame): i32 {
  return atFile(frame.arg0, Work.status, frame.arg1);
}

/** fstatat64(directory, path, to, flags) */
export function fstatat64(frame: TrapFrame): i32 {
  if ((frame.arg3 & ~STAT_FLAGS) !== 0) return -EINVAL;
  return atPath(frame.arg0, frame.arg1, frame.arg3, Work.status, frame.arg2);
}

/** stat(path, to) */
export function stat(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, 0, Work.oldStatus, frame.arg1);
}

/** lstat(path, to) */
export function lstat(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, AT_SYMLINK_NOFOLLOW, Work.oldStatus, frame.arg1);
}

/** fstat(file, to) */
export function fstat(frame: TrapFrame): i32 {
  return atFile(frame.arg0, Work.oldStatus, frame.arg1);
}

/** statx(directory, path, flags, mask, to): all that there is, whatever the mask asks for. */
export function statx(frame: TrapFrame): i32 {
  const flags = frame.arg2;
  if ((flags & ~(STAT_FLAGS | AT_STATX_SYNC_TYPE)) !== 0) return -EINVAL;
  if ((flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE) return -EINVAL;
  if ((frame.arg3 & STATX_RESERVED) !== 0) return -EINVAL;
  return atPath(frame.arg0, frame.arg1, flags, Work.extendedStatus, frame.arg4);
}

/** statfs64(path, size, to) */
export function statfs64(frame: TrapFrame): i32 {
  if (!isSpaceSize(frame.arg1)) return -EINVAL;
  return atPath(AT_FDCWD, frame.arg0, 0, Work.space64, frame.arg2);
}

/** fstatfs64(file, size, to) */
export function fstatfs64(frame: TrapFrame): i32 {
  if (!isSpaceSize(frame.arg1)) return -EINVAL;
  return atSeenFile(fileArgument(frame.arg0), Work.space64, frame.arg2);
}

/** statfs(path, to) */
export function statfs(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, 0, Work.space, frame.arg1);
}

/** fstatfs(file, to) */
export function fstatfs(frame: TrapFrame): i32 {
  return atSeenFile(fileArgument(frame.arg0), Work.space, frame.arg1);
}

/** access(path, mode) */
export function access(frame: TrapFrame): i32 {
  return checkAccess(AT_FDCWD, frame.arg0, frame.arg1, 0);
}

/** faccessat(directory, path, mode) */
export function faccessat(frame: TrapFrame): i32 {
  return checkAccess(frame.arg0, frame.arg1, frame.arg2, 0);
}

/** faccessat2(directory, path, mode, flags) */
export function faccessat2(frame: TrapFrame): i32 {
  if ((frame.arg3 & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  return checkAccess(frame.arg0, frame.arg1, frame.arg2, frame.arg3);
}

/** chmod(path, mode) */
export function chmod(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, 0, Work.mode, frame.arg1);
}

/** fchmod(file, mode) */
export function fchmod(frame: TrapFrame): i32 {
  return atSeenFile(usableFile(frame.arg0), Work.mode, frame.arg1);
}

/** fchmodat(directory, path, mode) */
export function fchmodat(frame: TrapFrame): i32 {
  return atPath(frame.arg0, frame.arg1, 0, Work.mode, frame.arg2);
}

/** chown32(path, owner, group) */
export function chown32(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, 0, Work.owner, frame.arg1, frame.arg2);
}

/** lchown32(path, owner, group) */
export function lchown32(frame: TrapFrame): i32 {
  return atPath(AT_FDCWD, frame.arg0, AT_SYMLINK_NOFOLLOW, Work.owner, frame.arg1, frame.arg2);
}

/** fchown32(file, owner, group) */
export function fchown32(frame: TrapFrame): i32 {
  return atSeenFile(usableFile(frame.arg0), Work.owner, frame.arg1, frame.arg2);
}

/** chown(path, owner, group) of 16 bits */
export function chown16(frame: TrapFrame): i32 {
  const owner = longId(frame.arg1);
  return atPath(AT_FDCWD, frame.arg0, 0, Work.owner, owner, longId(frame.arg2));
}

/** lchown(path, owner, group) of 16 bits */
export function lchown16(frame: TrapFrame): i32 {
  const owner = longId(frame.arg1);
  const group = longId(frame.arg2);
  return atPath(AT_FDCWD, frame.arg0, AT_SYMLINK_NOFOLLOW, Work.owner, owner, group);
}

/** fchown(file, owner, group) of 16 bits */
export function fchown16(frame: TrapFrame): i32 {
  return atSeenFile(usableFile(frame.arg0), Work.owner, longId(frame.arg1), longId(frame.arg2));
}

/** fchownat(directory, path, owner, group, flags) */
export function fchownat(frame: TrapFrame): i32 {
  const flags = frame.arg4;
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  return atPath(frame.arg0, frame.arg1, flags, Work.owner, frame.arg2, frame.arg3);
}

/** utime(path, times): seconds of the last read and of the last write; 0: now. */
export function utime(frame: TrapFrame): i32 {
  if (frame.arg1 === 0) return setTimes(AT_FDCWD, frame.arg0, UTIME_NOW, UTIME_NOW, 0);
  const result = copyIn(userPointer(frame.arg1), times, 8);
  if (result !== 0) return result;
  const modified = load<u32>(times, 4);
  store<u32>(times, modified, 8);
  store<u32>(times, 0, 4);
  store<u32>(times, 0, 12);
  return setGivenTimes(AT_FDCWD, frame.arg0, 0);
}

/** utimes(path, times): seconds and microseconds. */
export function utimes(frame: TrapFrame): i32 {
  return setMicroseconds(AT_FDCWD, frame.arg0, frame.arg1);
}

/** futimesat(directory, path, times) */
export function futimesat(frame: TrapFrame): i32 {
  return setMicroseconds(frame.arg0, frame.arg1, frame.arg2);
}

/** utimensat(directory, path, times, flags): no path means the file of a descriptor. */
export function utimensat(frame: TrapFrame): i32 {
  if (frame.arg2 === 0) return setTimes(frame.arg0, frame.arg1, UTIME_NOW, UTIME_NOW, frame.arg3);
  const result = copyIn(userPointer(frame.arg2), times, 16);
  return result !== 0 ? result : setGivenTimes(frame.arg0, frame.arg1, frame.arg3);
}

/** utimensat_time64(directory, path, times, flags): with 64-bit seconds. */
export function utimensatTime64(frame: TrapFrame): i32 {
  if (frame.arg2 === 0) return setTimes(frame.arg0, frame.arg1, UTIME_NOW, UTIME_NOW, frame.arg3);
  const result = copyIn(userPointer(frame.arg2), times, 32);
  if (result !== 0) return result;
  store<u32>(times, load<u32>(times, 8), 4);
  store<u32>(times, load<u32>(times, 16), 8);
  store<u32>(times, load<u32>(times, 24), 12);
  return setGivenTimes(frame.arg0, frame.arg1, frame.arg3);
}

/** umask(mask): returns the one before. */
export function umask(frame: TrapFrame): i32 {
  const context = currentContext();
  const before = context.umask;
  context.umask = frame.arg0 & 0o777;
  return <i32>before;
}

function atPath(
  descriptor: u32,
  path: u32,
  flags: u32,
  work: Work,
  argument: u32,
  second: u32 = 0,
): i32 {
  "inline";
  return perform(inodeAt(descriptor, userPointer(path), flags), work, argument, second);
}

/** The work on an open file, whose inode stays: nothing of it blocks. */
function atFile(descriptor: u32, work: Work, argument: u32): i32 {
  const file = fileArgument(descriptor);
  return file === null ? -EBADF : workOn(file.inode, work, argument, 0);
}

/** As atFile(), for what depends on the mount that the file was opened by. */
function atSeenFile(file: OpenFile | null, work: Work, argument: u32, second: u32 = 0): i32 {
  if (file === null) return -EBADF;
  noteSeen(file.entry);
  return workOn(file.inode, work, argument, second);
}

/** Does the work on the inode that was found, and releases it. */
function perform(found: usize, work: Work, argument: u32, second: u32): i32 {
  if (isErrno(<u32>found)) return <i32>found;
  const inode = changetype<Inode>(found);
  const result = workOn(inode, work, argument, second);
  inode.release();
  return result;
}

function workOn(inode: Inode, work: Work, argument: u32, second: u32): i32 {
  switch (work) {
    case Work.status:
      return sendStatus(inode, userPointer(argument));
    case Work.oldStatus:
      return sendOldStatus(inode, userPointer(argument));
    case Work.extendedStatus:
      return sendExtendedStatus(inode, userPointer(argument));
    case Work.space:
      return sendSpace(inode.fileSystem, false, userPointer(argument));
    case Work.space64:
      return sendSpace(inode.fileSystem, true, userPointer(argument));
    case Work.mode:
      return changeMode(inode, argument);
    case Work.owner:
      return changeOwner(inode, argument, second);
    case Work.access:
      return accessRefusal(inode, argument);
    default:
      return realAccessRefusal(inode, argument);
  }
}

function checkAccess(descriptor: u32, path: u32, mode: u32, flags: u32): i32 {
  if ((mode & ~(R_OK | W_OK | X_OK)) !== 0) return -EINVAL;
  const work = (flags & AT_EACCESS) !== 0 ? Work.access : Work.realAccess;
  return atPath(descriptor, path, flags & ~AT_EACCESS, work, mode);
}

function changeMode(inode: Inode, mode: u32): i32 {
  if (isFixed(inode)) return -EROFS;
  if (!ownsFile(inode) || isMadeByLooking(inode)) return -EPERM;
  const kept = keepsGroupBit(inode) ? S_PERMISSIONS : S_PERMISSIONS & ~S_ISGID;
  inode.mode = (inode.mode & S_IFMT) | (mode & kept);
  inode.changed = currentTime();
  return 0;
}

/** Whether the running thread may leave a file with the rights of its group. */
function keepsGroupBit(inode: Inode): bool {
  const who = currentCredentials();
  const isMember = who.fileGroup === inode.group || who.isInGroups(inode.group);
  return isMember || who.has(CAP_FSETID);
}

/** A file of a tree that is made while it is looked at is what it is. */
function isMadeByLooking(inode: Inode): bool {
  return inode.fileSystem.lookup !== 0;
}

/** -1 leaves an id as it is. A program with another owner runs as its caller. */
function changeOwner(inode: Inode, owner: u32, group: u32): i32 {
  if (isFixed(inode)) return -EROFS;
  if (isMadeByLooking(inode)) return -EPERM;
  const who = currentCredentials();
  const changes = (owner & group) !== NO_ID;
  if (changes && !who.has(CAP_CHOWN)) {
    const keepsOwner = owner === NO_ID || owner === inode.owner;
    const isMember = group === who.fileGroup || who.isInGroups(group);
    const mayGive = group === NO_ID || group === inode.group || isMember;
    if (who.fileUser !== inode.owner || !keepsOwner || !mayGive) return -EPERM;
  }
  // Without the group's x bit the set-group-id bit means something else, which its members keep.
  const dropsGroup = (inode.mode & S_IXGRP) !== 0 || !keepsGroupBit(inode);
  if (inode.isRegular && changes) {
    inode.mode &= dropsGroup ? ~(S_ISUID | S_ISGID) : ~S_ISUID;
  }
  if (owner !== NO_ID) inode.owner = owner;
  if (group !== NO_ID) inode.group = group;
  inode.changed = currentTime();
  return 0;
}

function setMicroseconds(descriptor: u32, path: u32, given: u32): i32 {
  if (given === 0) return setTimes(descriptor, path, UTIME_NOW, UTIME_NOW, 0);
  const result = copyIn(userPointer(given), times, 16);
  if (result !== 0) return result;
  for (let offset: u32 = 4; offset < 16; offset += 8) {
    const microseconds = load<u32>(times + offset);
    if (microseconds >= MICROSECONDS_PER_SECOND) return -EINVAL;
    store<u32>(times + offset, microseconds * NANOSECONDS_PER_MICROSECOND);
  }
  return setGivenTimes(descriptor, path, 0);
}

/** The two times in `times`: seconds and nanoseconds of 32 bits. */
function setGivenTimes(descriptor: u32, path: u32, flags: u32): i32 {
  return setTimes(descriptor, path, load<u32>(times, 4), load<u32>(times, 12), flags);
}

/** With the seconds in `times`, and these nanoseconds or UTIME_NOW or UTIME_OMIT. */
function setTimes(descriptor: u32, path: u32, accessed: u32, modified: u32, flags: u32): i32 {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  if (!isNanoseconds(accessed) || !isNanoseconds(modified)) return -EINVAL;
  const pointer = userPointer(path);
  const isOpen = userAddress(pointer) === 0 && descriptor !== AT_FDCWD;
  const found = isOpen ? inodeOf(descriptor) : inodeAt(descriptor, pointer, flags);
  if (isErrno(<u32>found)) return <i32>found;
  const inode = changetype<Inode>(found);
  const result = isFixed(inode) ? -EROFS : timesRefusal(inode, accessed, modified);
  if (result === 0) {
    inode.accessed = chosenTime(inode.accessed, 0, accessed);
    inode.modified = chosenTime(inode.modified, 8, modified);
    inode.changed = currentTime();
  }
  inode.release();
  return result;
}

function isNanoseconds(value: u32): bool {
  return value < NANOSECONDS_PER_SECOND || value === UTIME_NOW || value === UTIME_OMIT;
}

/** Who may write a file may say that it was used now; any other time is the owner's to set. */
function timesRefusal(inode: Inode, accessed: u32, modified: u32): i32 {
  if (ownsFile(inode)) return 0;
  if (accessed === UTIME_NOW && modified === UTIME_NOW) return accessRefusal(inode, W_OK);
  return accessed === UTIME_OMIT && modified === UTIME_OMIT ? 0 : -EPERM;
}

function chosenTime(before: u64, offset: u32, nanoseconds: u32): u64 {
  if (nanoseconds === UTIME_OMIT) return before;
  if (nanoseconds === UTIME_NOW) return currentTime();
  return timestamp(load<u32>(times + offset), nanoseconds);
}
