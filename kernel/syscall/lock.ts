// Locks as system calls take them: fcntl's ranges, and flock's whole files.

import { EBADF, EFAULT, EINVAL, EOVERFLOW } from "../../src/abi/errno";
import { O_PATH, SEEK_CUR, SEEK_END, SEEK_SET } from "../../src/abi/files";
import {
  F_GETLK,
  F_GETLK64,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_RDLCK,
  F_SETLK,
  F_SETLK64,
  F_SETLKW,
  F_SETLKW64,
  F_UNLCK,
  F_WRLCK,
  FLOCK_SIZE,
  FLOCK64_SIZE,
  LOCK_EX,
  LOCK_MAND,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
} from "../../src/abi/linux/locks";
import { dropLock, FileLock, findObstacle, LAST_BYTE, takeLock } from "../file/file-lock";
import { OpenFile } from "../file/open-file";
import { copyIn, copyOut, UserPointer, userPointer } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { currentFiles } from "../process/thread-files";

/** A struct flock or flock64. */
const given: usize = memory.data(FLOCK64_SIZE, 8);
const wanted = changetype<FileLock>(memory.data(offsetof<FileLock>(), 8));

/** What flock does: `asked` is LOCK_SH, …, with LOCK_NB perhaps. No file is a closed one. */
export function lockWhole(file: OpenFile | null, asked: u32): i32 {
  // Linux once had locks that bound everyone; who asks for them is told that all is well.
  if ((asked & LOCK_MAND) !== 0) return 0;
  const operation = asked & ~LOCK_NB;
  if (operation !== LOCK_SH && operation !== LOCK_EX && operation !== LOCK_UN) return -EINVAL;
  if (file === null || (file.flags & O_PATH) !== 0) return -EBADF;
  wanted.owner = changetype<usize>(file);
  wanted.isWhole = true;
  wanted.isWrite = operation === LOCK_EX;
  wanted.start = 0;
  wanted.last = LAST_BYTE;
  wanted.pid = <i32>currentProcess().pid;
  if (operation === LOCK_UN) return dropLock(file.inode, wanted);
  return takeLock(file, wanted, (asked & LOCK_NB) === 0, 0);
}

/** Whether a command of fcntl is about locks. */
export function isLockCommand(command: u32): bool {
  return (
    (command >= F_GETLK && command <= F_SETLKW) ||
    (command >= F_GETLK64 && command <= F_SETLKW64) ||
    (command >= F_OFD_GETLK && command <= F_OFD_SETLKW)
  );
}

/** What fcntl does with such a command of the file that `descriptor` stands for. */
export function controlLock(descriptor: u32, file: OpenFile, command: u32, argument: u32): i32 {
  const isLong = command > F_SETLKW;
  const from = userPointer(argument);
  if (copyIn(from, given, isLong ? FLOCK64_SIZE : FLOCK_SIZE) !== 0) return -EFAULT;
  const type: u32 = load<u16>(given);
  const result = readRange(file, isLong);
  if (result !== 0) return result;
  const isOfFile = command >= F_OFD_GETLK;
  if (isOfFile && load<u32>(given, 20) !== 0) return -EINVAL;
  wanted.owner = isOfFile ? changetype<usize>(file) : changetype<usize>(currentFiles());
  wanted.isWhole = false;
  wanted.isWrite = type === F_WRLCK;
  wanted.pid = isOfFile ? -1 : <i32>currentProcess().pid;
  if (command === F_GETLK || command === F_GETLK64 || command === F_OFD_GETLK) {
    if (type !== F_RDLCK && type !== F_WRLCK) return -EINVAL;
    return sendObstacle(file, from, isLong);
  }
  if (type === F_UNLCK) return dropLock(file.inode, wanted);
  if (type === F_RDLCK) {
    if (!file.mayRead) return -EBADF;
  } else if (type !== F_WRLCK) return -EINVAL;
  else if (!file.mayWrite) return -EBADF;
  const waits = command !== F_SETLK && command !== F_SETLK64 && command !== F_OFD_SETLK;
  return takeLock(file, wanted, waits, descriptor);
}

/** First and last byte of the range in `given`, into `wanted`. 0, -EINVAL or -EOVERFLOW. */
function readRange(file: OpenFile, isLong: bool): i32 {
  const whence: u32 = load<u16>(given, 2);
  let base: i64 = 0;
  if (whence === SEEK_CUR) base = <i64>file.position;
  else if (whence === SEEK_END) base = <i64>file.inode.size;
  else if (whence !== SEEK_SET) return -EINVAL;
  const offset = isLong ? load<i64>(given, 4) : <i64>load<i32>(given, 4);
  const length = isLong ? load<i64>(given, 12) : <i64>load<i32>(given, 8);
  if (offset > 0 && base > <i64>LAST_BYTE - offset) return -EOVERFLOW;
  const start = base + offset;
  if (start < 0) return -EINVAL;
  wanted.start = <u64>start;
  wanted.last = LAST_BYTE;
  if (length > 0) {
    if (length - 1 > <i64>LAST_BYTE - start) return -EOVERFLOW;
    wanted.last = <u64>(start + length - 1);
  } else if (length < 0) {
    if (start + length < 0) return -EINVAL;
    wanted.start = <u64>(start + length);
    wanted.last = <u64>(start - 1);
  }
  return 0;
}

/** Tells of a lock that is in the way; or only that there is none. */
function sendObstacle(file: OpenFile, to: UserPointer, isLong: bool): i32 {
  const obstacle = findObstacle(file.inode, wanted);
  if (obstacle === null) {
    store<u16>(given, F_UNLCK);
    return copyOut(to, given, 2);
  }
  store<u16>(given, obstacle.isWrite ? F_WRLCK : F_RDLCK);
  store<u16>(given, SEEK_SET, 2);
  const length = obstacle.last === LAST_BYTE ? 0 : obstacle.last - obstacle.start + 1;
  if (isLong) {
    store<u64>(given, obstacle.start, 4);
    store<u64>(given, length, 12);
    store<i32>(given, obstacle.pid, 20);
    return copyOut(to, given, FLOCK64_SIZE);
  }
  if (obstacle.start > <u64>i32.MAX_VALUE || length > <u64>i32.MAX_VALUE) return -EOVERFLOW;
  store<u32>(given, <u32>obstacle.start, 4);
  store<u32>(given, <u32>length, 8);
  store<i32>(given, obstacle.pid, 12);
  return copyOut(to, given, FLOCK_SIZE);
}
