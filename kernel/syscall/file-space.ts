// How much room a file system has, as statfs(2) says it.
//
//   statfs64   0  type   4 bsize   8 blocks u64   16 bfree u64   24 bavail u64   32 files u64
//              40 ffree u64   48 fsid   56 namelen   60 frsize   64 flags   68 .. 84 spare
//   statfs     the same with words of 32 bits: 8 blocks  12 bfree  16 bavail  20 files  24 ffree
//              28 fsid   36 namelen   40 frsize   44 flags   48 .. 64 spare

import { NAME_MAX } from "../../src/abi/files";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { FileSystem } from "../file/file-system";
import { freeFrameCount, totalFrameCount } from "../memory/frames";
import { copyOut, UserPointer } from "../memory/user-memory";

const LONG_SIZE: u32 = 84;
const SHORT_SIZE: u32 = 64;
const ST_RDONLY: u32 = 1;
/** Linux says that the flags are there. */
const ST_VALID: u32 = 0x20;
const space: usize = memory.data(LONG_SIZE + 4, 8);

/** Whether a structure of the long form has that many bytes, as the caller says first. */
export function isSpaceSize(size: u32): bool {
  // Some C libraries count padding at the end.
  return size === LONG_SIZE || size === LONG_SIZE + 4;
}

/** 0, -EINVAL unless `size` is that of the structure, or -EFAULT. */
export function sendSpace64(fileSystem: FileSystem, to: UserPointer): i32 {
  memory.fill(space, 0, LONG_SIZE);
  store<u32>(space, fileSystem.magic);
  store<u32>(space, PAGE_SIZE, 4);
  store<u64>(space, blocks(fileSystem), 8);
  store<u64>(space, freeBlocks(fileSystem), 16);
  store<u64>(space, freeBlocks(fileSystem), 24);
  store<u64>(space, fileSystem.inodes + freeBlocks(fileSystem), 32);
  store<u64>(space, freeBlocks(fileSystem), 40);
  store<u32>(space, fileSystem.device, 48);
  store<u32>(space, NAME_MAX, 56);
  store<u32>(space, PAGE_SIZE, 60);
  store<u32>(space, flags(fileSystem), 64);
  return copyOut(to, space, LONG_SIZE);
}

/** 0 or -EFAULT. */
export function sendSpace(fileSystem: FileSystem, to: UserPointer): i32 {
  memory.fill(space, 0, SHORT_SIZE);
  store<u32>(space, fileSystem.magic);
  store<u32>(space, PAGE_SIZE, 4);
  store<u32>(space, blocks(fileSystem), 8);
  store<u32>(space, freeBlocks(fileSystem), 12);
  store<u32>(space, freeBlocks(fileSystem), 16);
  store<u32>(space, fileSystem.inodes + freeBlocks(fileSystem), 20);
  store<u32>(space, freeBlocks(fileSystem), 24);
  store<u32>(space, fileSystem.device, 28);
  store<u32>(space, NAME_MAX, 36);
  store<u32>(space, PAGE_SIZE, 40);
  store<u32>(space, flags(fileSystem), 44);
  return copyOut(to, space, SHORT_SIZE);
}

/** Files that live in memory may take all of it; those that are made while they are read, none. */
function blocks(fileSystem: FileSystem): u32 {
  return fileSystem.create !== 0 ? totalFrameCount() : 0;
}

function freeBlocks(fileSystem: FileSystem): u32 {
  return fileSystem.create !== 0 ? freeFrameCount() : 0;
}

function flags(fileSystem: FileSystem): u32 {
  return fileSystem.isWritable ? ST_VALID : ST_VALID | ST_RDONLY;
}
