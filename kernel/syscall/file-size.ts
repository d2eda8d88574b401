// How large a file may become: RLIMIT_FSIZE.

import { EFBIG } from "../../src/abi/errno";
import { RLIM_INFINITY, RLIMIT_FSIZE } from "../../src/abi/linux/resource";
import { SIGXFSZ } from "../../src/abi/signals";
import { OpenFile } from "../file/open-file";
import { UserPointer } from "../memory/user-memory";
import { softLimit } from "../process/limits";
import { currentProcess } from "../process/process";
import { signalThread } from "../process/signal";

/** Whether the running process may not make files of any size. */
export function isSizeLimited(): bool {
  return softLimit(currentProcess().limits, RLIMIT_FSIZE) !== RLIM_INFINITY;
}

/** Writes at the file's position, as far as the limit allows: bytes or -errno. */
export function limitedWrite(file: OpenFile, from: UserPointer, size: u32): i32 {
  if (!file.inode.isRegular) return file.write(from, size);
  const most = mostAt(file.appends ? file.inode.size : file.position, size);
  return most < 0 ? most : file.write(from, <u32>most);
}

/** As limitedWrite(), at that position. */
export function limitedWriteAt(file: OpenFile, from: UserPointer, size: u32, at: u64): i32 {
  if (!file.inode.isRegular) return file.writeAt(from, size, at);
  const most = mostAt(at, size);
  return most < 0 ? most : file.writeAt(from, <u32>most, at);
}

/** Why a file cannot get that size; 0: it can. */
export function sizeRefusal(size: u64): i32 {
  if (!isSizeLimited() || size <= softLimit(currentProcess().limits, RLIMIT_FSIZE)) return 0;
  signalThread(SIGXFSZ);
  return -EFBIG;
}

/** How many of `size` bytes may be written at `position`: none is an error. */
function mostAt(position: u64, size: u32): i32 {
  const limit = <u64>softLimit(currentProcess().limits, RLIMIT_FSIZE);
  if (size === 0) return 0;
  if (position >= limit) return sizeRefusal(position + 1);
  return <i32>min<u64>(min<u64>(size, i32.MAX_VALUE), limit - position);
}
