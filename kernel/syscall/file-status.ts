// stat64: what an inode is. See src/abi/files.ts for the layout.

import {
  S_IFDIR,
  STAT_ATIME,
  STAT_BLKSIZE,
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_CTIME,
  STAT_INO,
  STAT_INO_LOW,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_RDEV,
  STAT_SIZE,
} from "../../src/abi/files";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { Inode } from "../file/inode";
import { copyOut, UserPointer } from "../memory/user-memory";

const BLOCK: u32 = 512;
const status: usize = memory.data(STAT_BYTES, 8);

/** Copies the status of `inode` to the user. 0 or -errno. */
export function sendStatus(inode: Inode, to: UserPointer): i32 {
  memory.fill(status, 0, STAT_BYTES);
  store<u32>(status, inode.number, STAT_INO_LOW);
  store<u64>(status, inode.number, STAT_INO);
  store<u32>(status, inode.mode, STAT_MODE);
  store<u32>(status, inode.isType(S_IFDIR) ? 2 : 1, STAT_NLINK);
  store<u32>(status, inode.device, STAT_RDEV);
  store<u32>(status, inode.size, STAT_SIZE);
  store<u32>(status, PAGE_SIZE, STAT_BLKSIZE);
  store<u32>(status, (inode.size + BLOCK - 1) / BLOCK, STAT_BLOCKS);
  store<u32>(status, inode.modified, STAT_ATIME);
  store<u32>(status, inode.modified, STAT_MTIME);
  store<u32>(status, inode.modified, STAT_CTIME);
  return copyOut(to, status, STAT_BYTES);
}
