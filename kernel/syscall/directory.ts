// System calls about directories: the current one, the root, and what is in one.

import { EBADF, EFAULT, ENOENT, ENOTDIR, EPERM, ERANGE, isErrno } from "../../src/abi/errno";
import { X_OK } from "../../src/abi/files";
import { CAP_SYS_CHROOT } from "../../src/abi/linux/capability";
import { DirectoryEntry } from "../file/directory-entry";
import { useOldRecords } from "../file/directory-record";
import { PathEnd } from "../file/path";
import { isReachable, pathLength, pathText } from "../file/path-text";
import { accessRefusal } from "../file/permission";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyOut, userPointer } from "../memory/user-memory";
import { currentContext } from "../process/thread-files";
import { currentCredentials } from "../thread/credentials";
import { fileArgument } from "./descriptor";
import { pathArgument } from "./path-argument";

/** What getcwd says before a directory that is not below the root. */
const UNREACHABLE: usize = cstr("(unreachable)");
const UNREACHABLE_LENGTH: u32 = 13;

/** getdents64(file, to, size) */
export function getdents64(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  return file === null ? -EBADF : file.readDirectory(userPointer(frame.arg1), frame.arg2);
}

/** getdents(file, to, size): the same with numbers of 32 bits. */
export function getdents(frame: TrapFrame): i32 {
  useOldRecords(true);
  const result = getdents64(frame);
  useOldRecords(false);
  return result;
}

/** chdir(path) */
export function chdir(frame: TrapFrame): i32 {
  const found = searchableDirectory(frame);
  if (isErrno(<u32>found)) return <i32>found;
  currentContext().setDirectory(changetype<DirectoryEntry>(found));
  return 0;
}

/** fchdir(file) */
export function fchdir(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const entry = file.entry;
  if (entry === null || !entry.inode.isDirectory) return -ENOTDIR;
  const refusal = accessRefusal(entry.inode, X_OK);
  if (refusal !== 0) return refusal;
  entry.retain();
  currentContext().setDirectory(entry);
  return 0;
}

/** chroot(path) */
export function chroot(frame: TrapFrame): i32 {
  const found = searchableDirectory(frame);
  if (isErrno(<u32>found)) return <i32>found;
  const entry = changetype<DirectoryEntry>(found);
  if (!currentCredentials().has(CAP_SYS_CHROOT)) {
    entry.release();
    return -EPERM;
  }
  currentContext().setRoot(entry);
  return 0;
}

/** getcwd(to, size): bytes with the NUL, as Linux counts them. */
export function getcwd(frame: TrapFrame): i32 {
  const context = currentContext();
  if (context.directory.isRemoved) return -ENOENT;
  const start = pathText(context.directory, context.root);
  const prefix: u32 = isReachable ? 0 : UNREACHABLE_LENGTH;
  const size = prefix + pathLength + 1;
  if (size > frame.arg1) return -ERANGE;
  const to = userPointer(frame.arg0);
  if (copyOut(to, UNREACHABLE, prefix) !== 0) return -EFAULT;
  const result = copyOut(to.plus(prefix), start, pathLength + 1);
  return result !== 0 ? result : <i32>size;
}

/** The directory that the first argument names, retained; or -errno. */
function searchableDirectory(frame: TrapFrame): usize {
  const found = pathArgument(userPointer(frame.arg0), PathEnd.file);
  if (isErrno(<u32>found)) return found;
  const entry = changetype<DirectoryEntry>(found);
  const refusal = entry.inode.isDirectory ? accessRefusal(entry.inode, X_OK) : -ENOTDIR;
  if (refusal === 0) return found;
  entry.release();
  return refusal;
}
