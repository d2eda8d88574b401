// System calls about extended attributes, which no file system of this kernel has.
//
// The arguments are judged as Linux judges them: flags, name, file. Then there is no attribute:
// none is listed, and none can be read, set or removed.

import { EBADF, EINVAL, ENAMETOOLONG, EOPNOTSUPP, ERANGE, isErrno } from "../../src/abi/errno";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_PATH } from "../../src/abi/files";
import { Inode } from "../file/inode";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyInString, userPointer } from "../memory/user-memory";
import { fileArgument } from "./descriptor";
import { inodeAt, inodeOf } from "./path-argument";

// Of Linux's include/uapi/linux/xattr.h.
const XATTR_CREATE: u32 = 1;
const XATTR_REPLACE: u32 = 2;
/** XATTR_NAME_MAX of Linux's include/uapi/linux/limits.h, and the 0 after it. */
const NAME_SIZE: u32 = 256;
const name: usize = memory.data(NAME_SIZE, 4);

/** setxattr(path, name, value, size, flags) */
export function setxattr(frame: TrapFrame): i32 {
  return settingRefusal(frame) || ofPath(frame.arg0, 0);
}

/** lsetxattr(path, name, value, size, flags) */
export function lsetxattr(frame: TrapFrame): i32 {
  return settingRefusal(frame) || ofPath(frame.arg0, AT_SYMLINK_NOFOLLOW);
}

/** fsetxattr(file, name, value, size, flags) */
export function fsetxattr(frame: TrapFrame): i32 {
  return settingRefusal(frame) || ofFile(frame.arg0);
}

/** getxattr(path, name, value, size) */
export function getxattr(frame: TrapFrame): i32 {
  return nameRefusal(frame.arg1) || ofPath(frame.arg0, 0);
}

/** lgetxattr(path, name, value, size) */
export function lgetxattr(frame: TrapFrame): i32 {
  return nameRefusal(frame.arg1) || ofPath(frame.arg0, AT_SYMLINK_NOFOLLOW);
}

/** fgetxattr(file, name, value, size) */
export function fgetxattr(frame: TrapFrame): i32 {
  return nameRefusal(frame.arg1) || ofFile(frame.arg0);
}

/** removexattr(path, name) */
export function removexattr(frame: TrapFrame): i32 {
  return getxattr(frame);
}

/** lremovexattr(path, name) */
export function lremovexattr(frame: TrapFrame): i32 {
  return lgetxattr(frame);
}

/** fremovexattr(file, name) */
export function fremovexattr(frame: TrapFrame): i32 {
  return fgetxattr(frame);
}

/** listxattr(path, list, size) */
export function listxattr(frame: TrapFrame): i32 {
  return emptyList(inodeAt(AT_FDCWD, userPointer(frame.arg0), 0));
}

/** llistxattr(path, list, size) */
export function llistxattr(frame: TrapFrame): i32 {
  return emptyList(inodeAt(AT_FDCWD, userPointer(frame.arg0), AT_SYMLINK_NOFOLLOW));
}

/** flistxattr(file, list, size) */
export function flistxattr(frame: TrapFrame): i32 {
  return listOfFile(frame.arg0);
}

function settingRefusal(frame: TrapFrame): i32 {
  if ((frame.arg4 & ~(XATTR_CREATE | XATTR_REPLACE)) !== 0) return -EINVAL;
  return nameRefusal(frame.arg1);
}

function nameRefusal(given: u32): i32 {
  const length = copyInString(userPointer(given), name, NAME_SIZE);
  if (length === -ENAMETOOLONG || length === 0) return -ERANGE;
  return length < 0 ? length : 0;
}

function ofPath(path: u32, flags: u32): i32 {
  return emptyList(inodeAt(AT_FDCWD, userPointer(path), flags)) || -EOPNOTSUPP;
}

function ofFile(file: u32): i32 {
  return listOfFile(file) || -EOPNOTSUPP;
}

/** A file that is open as a path alone has no list. */
function listOfFile(descriptor: u32): i32 {
  const file = fileArgument(descriptor);
  return file !== null && (file.flags & O_PATH) !== 0 ? -EBADF : emptyList(inodeOf(descriptor));
}

/** Releases the inode that was found. */
function emptyList(found: usize): i32 {
  if (isErrno(<u32>found)) return <i32>found;
  changetype<Inode>(found).release();
  return 0;
}
