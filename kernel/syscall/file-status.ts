// What an inode is, as stat64, stat and statx say it: src/abi/files.ts draws the layouts.
//
//   stat       0  dev u32    4  ino u32    8  mode u16   10  nlink u16   12  uid u16   14  gid u16
//              16 rdev u32   20 size u32   24 blksize    28  blocks
//              32 atime   40 mtime   48 ctime            seconds u32, nanoseconds u32

import { EOVERFLOW } from "../../src/abi/errno";
import {
  STAT_ATIME,
  STAT_BLKSIZE,
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_CTIME,
  STAT_DEV,
  STAT_GID,
  STAT_INO,
  STAT_INO_LOW,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_PAD,
  STAT_PAD_2,
  STAT_RDEV,
  STAT_SIZE,
  STAT_UID,
  STATX_ATIME,
  STATX_BASIC_STATS,
  STATX_BLKSIZE,
  STATX_BLOCKS,
  STATX_BYTES,
  STATX_CTIME,
  STATX_DEV_MINOR,
  STATX_GID,
  STATX_INO,
  STATX_MASK,
  STATX_MODE,
  STATX_MTIME,
  STATX_NLINK,
  STATX_RDEV_MAJOR,
  STATX_RDEV_MINOR,
  STATX_SIZE,
  STATX_UID,
} from "../../src/abi/files";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { Inode } from "../file/inode";
import { copyOut, UserPointer } from "../memory/user-memory";

/** Blocks of 512 bytes in a page. */
const BLOCKS_SHIFT: u32 = 3;
const OLD_BYTES: u32 = 64;
const MAJOR_SHIFT: u32 = 8;
const MINOR_MASK: u32 = 0xff;
const HALF: u32 = 32;
const status: usize = memory.data(STATX_BYTES, 8);

/** Copies the status of `inode` to the user, as a stat64. 0 or -errno. */
export function sendStatus(inode: Inode, to: UserPointer): i32 {
  store<u32>(status, 0, STAT_PAD);
  store<u32>(status, 0, STAT_PAD_2);
  store<u64>(status, inode.fileSystem.device, STAT_DEV);
  store<u32>(status, inode.number, STAT_INO_LOW);
  store<u32>(status, inode.mode, STAT_MODE);
  store<u32>(status, inode.links, STAT_NLINK);
  store<u32>(status, inode.owner, STAT_UID);
  store<u32>(status, inode.group, STAT_GID);
  store<u64>(status, inode.device, STAT_RDEV);
  store<u64>(status, inode.size, STAT_SIZE);
  store<u32>(status, PAGE_SIZE, STAT_BLKSIZE);
  store<u64>(status, blocksOf(inode), STAT_BLOCKS);
  putTime(STAT_ATIME, inode.accessed);
  putTime(STAT_MTIME, inode.modified);
  putTime(STAT_CTIME, inode.changed);
  store<u64>(status, inode.number, STAT_INO);
  return copyOut(to, status, STAT_BYTES);
}

/** Copies the status of `inode` to the user, as a stat of 32 bits. 0 or -errno. */
export function sendOldStatus(inode: Inode, to: UserPointer): i32 {
  if (inode.size > <u64>i32.MAX_VALUE) return -EOVERFLOW;
  memory.fill(status, 0, OLD_BYTES);
  store<u32>(status, inode.fileSystem.device);
  store<u32>(status, inode.number, 4);
  store<u16>(status, inode.mode, 8);
  store<u16>(status, inode.links, 10);
  store<u16>(status, inode.owner, 12);
  store<u16>(status, inode.group, 14);
  store<u32>(status, inode.device, 16);
  store<u32>(status, <u32>inode.size, 20);
  store<u32>(status, PAGE_SIZE, 24);
  store<u32>(status, <u32>blocksOf(inode), 28);
  putTime(32, inode.accessed);
  putTime(40, inode.modified);
  putTime(48, inode.changed);
  return copyOut(to, status, OLD_BYTES);
}

/** Copies the status of `inode` to the user, as a statx. 0 or -errno. */
export function sendExtendedStatus(inode: Inode, to: UserPointer): i32 {
  memory.fill(status, 0, STATX_BYTES);
  store<u32>(status, STATX_BASIC_STATS, STATX_MASK);
  store<u32>(status, PAGE_SIZE, STATX_BLKSIZE);
  store<u32>(status, inode.links, STATX_NLINK);
  store<u32>(status, inode.owner, STATX_UID);
  store<u32>(status, inode.group, STATX_GID);
  store<u16>(status, inode.mode, STATX_MODE);
  store<u64>(status, inode.number, STATX_INO);
  store<u64>(status, inode.size, STATX_SIZE);
  store<u64>(status, blocksOf(inode), STATX_BLOCKS);
  putLongTime(STATX_ATIME, inode.accessed);
  putLongTime(STATX_CTIME, inode.changed);
  putLongTime(STATX_MTIME, inode.modified);
  store<u32>(status, inode.device >> MAJOR_SHIFT, STATX_RDEV_MAJOR);
  store<u32>(status, inode.device & MINOR_MASK, STATX_RDEV_MINOR);
  store<u32>(status, inode.fileSystem.device, STATX_DEV_MINOR);
  return copyOut(to, status, STATX_BYTES);
}

function blocksOf(inode: Inode): u64 {
  "inline";
  if (!inode.isRegular) return 0;
  return ((inode.size + PAGE_MASK) >> PAGE_SHIFT) << BLOCKS_SHIFT;
}

function putTime(offset: u32, time: u64): void {
  store<u32>(status + offset, <u32>(time >> HALF));
  store<u32>(status + offset, <u32>time, 4);
}

function putLongTime(offset: u32, time: u64): void {
  store<u64>(status + offset, time >> HALF);
  store<u32>(status + offset, <u32>time, 8);
}
