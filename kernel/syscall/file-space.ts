// How much room a file system has, as statfs(2) says it.
//
//   statfs64   0  type   4 bsize   8 blocks u64   16 bfree u64   24 bavail u64   32 files u64
//              40 ffree u64   48 fsid   56 namelen   60 frsize   64 flags   68 .. 84 spare
//   statfs     the same with words of 32 bits: 8 blocks  12 bfree  16 bavail  20 files  24 ffree
//              28 fsid   36 namelen   40 frsize   44 flags   48 .. 64 spare

import { NAME_MAX } from "../../src/abi/files";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { FileSystem } from "../file/file-system";
import { restrictions } from "../file/mount";
import { freeFrameCount, totalFrameCount } from "../memory/frames";
import { copyOut, UserPointer } from "../memory/user-memory";

const LONG_SIZE: u32 = 84;
const SHORT_SIZE: u32 = 64;
/** The size of a count, as a power of two. */
const LONG_SHIFT: u32 = 3;
const SHORT_SHIFT: u32 = 2;
/** Where the five counts begin. */
const COUNTS: u32 = 8;
const ST_RDONLY: u32 = 1;
/** Linux says that the flags are there. */
const ST_VALID: u32 = 0x20;
const space: usize = memory.data(LONG_SIZE + 4, 8);

/** Whether a structure of the long form has that many bytes, as the caller says first. */
export function isSpaceSize(size: u32): bool {
  // Some C libraries count padding at the end.
  return size === LONG_SIZE || size === LONG_SIZE + 4;
}

/** What is said of a file that was found just now, in the long or the short form. 0 or -EFAULT. */
export function sendSpace(fileSystem: FileSystem, isLong: bool, to: UserPointer): i32 {
  const shift: u32 = isLong ? LONG_SHIFT : SHORT_SHIFT;
  const size = isLong ? LONG_SIZE : SHORT_SIZE;
  const isLimited = fileSystem.limit !== 0;
  // Files that live in memory may take all of it; those that are made while they are read, none.
  const isInMemory = fileSystem.create !== 0;
  let most = isInMemory ? totalFrameCount() : 0;
  let left = isInMemory ? freeFrameCount() : 0;
  if (isLimited) {
    most = fileSystem.limit;
    left = min(left, most - fileSystem.frames);
  }
  memory.fill(space, 0, LONG_SIZE);
  store<u32>(space, fileSystem.magic);
  store<u32>(space, PAGE_SIZE, 4);
  const counts = space + COUNTS;
  store<u32>(counts, most);
  store<u32>(counts + (1 << shift), left);
  store<u32>(counts + (2 << shift), left);
  store<u32>(counts + (3 << shift), fileSystem.inodes + left);
  store<u32>(counts + (4 << shift), left);
  const at = counts + (5 << shift);
  store<u32>(at, fileSystem.device);
  store<u32>(at, NAME_MAX, 8);
  store<u32>(at, PAGE_SIZE, 12);
  store<u32>(at, flags(fileSystem), 16);
  return copyOut(to, space, size);
}

/** Those of the mount have the same numbers here. */
function flags(fileSystem: FileSystem): u32 {
  return ST_VALID | restrictions | (fileSystem.isReadOnly ? ST_RDONLY : 0);
}
