// One name of a directory's listing, as getdents64(2) has it (src/abi/files.ts draws it), or as
// getdents(2) does:
//
//   0  inode u32   4  offset u32, of the next   8  length u16, of this   10  name   last: type u8

import { EFAULT, EINVAL } from "../../src/abi/errno";
import {
  DIRENT_INO,
  DIRENT_LENGTH,
  DIRENT_NAME,
  DIRENT_OFFSET,
  DIRENT_TYPE,
  NAME_MAX,
  S_IFMT,
} from "../../src/abi/files";
import { copyOut, UserPointer } from "../memory/user-memory";

/** S_IFDIR is DT_DIR shifted, and so on. */
const TYPE_SHIFT: u32 = 12;
/** The longest record, rounded up to a multiple of 8. */
const RECORD_SIZE: u32 = (DIRENT_NAME + NAME_MAX + 1 + 7) & ~7;
/** The old form: its name, and the bytes beside that: those before it, a NUL, the type. */
const OLD_NAME: u32 = 10;
const OLD_REST: u32 = 12;
const OLD_OFFSET: u32 = 4;
const OLD_LENGTH: u32 = 8;
/** Which of the two is wanted; no thread blocks while it is the old one. */
let isOldForm: bool = false;

/** From now on records have the old form, or the new one. */
export function useOldRecords(isOld: bool): void {
  isOldForm = isOld;
}

/** Built here and copied out. */
const record: usize = memory.data(RECORD_SIZE, 8);

/**
 * Copies a record to the user's `room` bytes at `to`: its length, -EINVAL if there is not so much
 * room, or -EFAULT. `following` is the position of the name after it.
 */
export function sendRecord(
  to: UserPointer,
  room: u32,
  inodeNumber: u32,
  mode: u32,
  name: usize,
  nameLength: u32,
  following: u64,
): i32 {
  if (isOldForm) return sendOldRecord(to, room, inodeNumber, mode, name, nameLength, following);
  const length = (DIRENT_NAME + nameLength + 1 + 7) & ~7;
  if (length > room) return -EINVAL;
  memory.fill(record, 0, length);
  store<u64>(record, inodeNumber, DIRENT_INO);
  store<u64>(record, following, DIRENT_OFFSET);
  store<u16>(record, length, DIRENT_LENGTH);
  store<u8>(record, (mode & S_IFMT) >> TYPE_SHIFT, DIRENT_TYPE);
  memory.copy(record + DIRENT_NAME, name, nameLength);
  return copyOut(to, record, length) === 0 ? <i32>length : -EFAULT;
}

function sendOldRecord(
  to: UserPointer,
  room: u32,
  inodeNumber: u32,
  mode: u32,
  name: usize,
  nameLength: u32,
  following: u64,
): i32 {
  const length = (OLD_REST + nameLength + 3) & ~3;
  if (length > room) return -EINVAL;
  memory.fill(record, 0, length);
  store<u32>(record, inodeNumber);
  store<u32>(record, <u32>following, OLD_OFFSET);
  store<u16>(record, length, OLD_LENGTH);
  memory.copy(record + OLD_NAME, name, nameLength);
  store<u8>(record + length - 1, (mode & S_IFMT) >> TYPE_SHIFT);
  return copyOut(to, record, length) === 0 ? <i32>length : -EFAULT;
}
