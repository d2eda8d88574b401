// The calls of WASI about open files: fd_*.

import {
  DIRENT_INO,
  DIRENT_LENGTH,
  DIRENT_NAME,
  DIRENT_OFFSET,
  DIRENT_TYPE,
  DT_CHR,
  DT_DIR,
  DT_LNK,
  DT_REG,
  F_GETFL,
  F_SETFL,
  O_APPEND,
  O_DSYNC,
  O_NONBLOCK,
  O_SYNC,
  SEEK_CUR,
  SEEK_SET,
} from "../../src/abi/files";
import { FileType, failure, find, move, Right } from "./descriptors";
import { errorOf, WasiError } from "./error";
import { address, has, hasArray } from "./guest";
import * as host from "./host";
import { FILESTAT_SIZE, putFileStat, putTimes } from "./statistics";
import { SCRATCH_SIZE } from "./storage";
import { wasi_scratch } from "./symbols";

/** Pieces of memory in one read or write: IOV_MAX of Linux. */
const MAX_VECTORS: u32 = 1024;

export const APPEND: u32 = 1;
export const DSYNC: u32 = 2;
export const NONBLOCK: u32 = 4;
export const RSYNC: u32 = 8;
export const SYNC: u32 = 16;

// --- contents ---

/** Puts the program's list of pieces into the scratch buffer, as the host knows them. */
function takeVectors(vectors: u32, count: u32): i32 {
  if (count > MAX_VECTORS) return WasiError.INVAL;
  if (!hasArray(vectors, count, 8)) return WasiError.FAULT;
  const from = address(vectors);
  for (let i: u32 = 0; i < count; i++) {
    const pointer = load<u32>(from + 8 * i);
    const size = load<u32>(from + 8 * i, 4);
    if (!has(pointer, size)) return WasiError.FAULT;
    store<u32>(wasi_scratch() + 8 * i, address(pointer));
    store<u32>(wasi_scratch() + 8 * i, size, 4);
  }
  return WasiError.SUCCESS;
}

/** Stores how many bytes a call has moved, if it has not failed. */
function putCount(result: i32, to: u32): i32 {
  if (result >= 0) store<u32>(address(to), result);
  return errorOf(result);
}

export function fd_read(fd: u32, vectors: u32, count: u32, result: u32): i32 {
  const file = find(fd, Right.FD_READ);
  if (failure !== 0) return failure;
  if (!has(result, 4)) return WasiError.FAULT;
  const error = takeVectors(vectors, count);
  if (error !== WasiError.SUCCESS) return error;
  return putCount(host.readv(file.host, wasi_scratch(), count), result);
}

export function fd_write(fd: u32, vectors: u32, count: u32, result: u32): i32 {
  const file = find(fd, Right.FD_WRITE);
  if (failure !== 0) return failure;
  if (!has(result, 4)) return WasiError.FAULT;
  const error = takeVectors(vectors, count);
  if (error !== WasiError.SUCCESS) return error;
  return putCount(host.writev(file.host, wasi_scratch(), count), result);
}

export function fd_pread(fd: u32, vectors: u32, count: u32, at: u64, result: u32): i32 {
  const file = find(fd, Right.FD_READ | Right.FD_SEEK);
  if (failure !== 0) return failure;
  if (!has(result, 4)) return WasiError.FAULT;
  const error = takeVectors(vectors, count);
  if (error !== WasiError.SUCCESS) return error;
  return putCount(host.preadv(file.host, wasi_scratch(), count, at), result);
}

export function fd_pwrite(fd: u32, vectors: u32, count: u32, at: u64, result: u32): i32 {
  const file = find(fd, Right.FD_WRITE | Right.FD_SEEK);
  if (failure !== 0) return failure;
  if (!has(result, 4)) return WasiError.FAULT;
  const error = takeVectors(vectors, count);
  if (error !== WasiError.SUCCESS) return error;
  return putCount(host.pwritev(file.host, wasi_scratch(), count, at), result);
}

function seek(file: i32, offset: u64, whence: u32, result: u32): i32 {
  if (!has(result, 8)) return WasiError.FAULT;
  return errorOf(host.seek(file, offset, whence, address(result)));
}

export function fd_seek(fd: u32, offset: i64, whence: u32, result: u32): i32 {
  const isTell = offset === 0 && whence === SEEK_CUR;
  const file = find(fd, isTell ? Right.FD_TELL : Right.FD_SEEK);
  if (failure !== 0) return failure;
  return whence > 2 ? WasiError.INVAL : seek(file.host, offset, whence, result);
}

export function fd_tell(fd: u32, result: u32): i32 {
  const file = find(fd, Right.FD_TELL);
  return failure !== 0 ? failure : seek(file.host, 0, SEEK_CUR, result);
}

export function fd_sync(fd: u32): i32 {
  const file = find(fd, Right.FD_SYNC);
  return failure !== 0 ? failure : errorOf(host.fsync(file.host));
}

export function fd_datasync(fd: u32): i32 {
  const file = find(fd, Right.FD_DATASYNC);
  return failure !== 0 ? failure : errorOf(host.fdatasync(file.host));
}

export function fd_advise(fd: u32, offset: u64, size: u64, advice: u32): i32 {
  const file = find(fd, Right.FD_ADVISE);
  if (failure !== 0) return failure;
  if (advice > 5) return WasiError.INVAL;
  // WASI says sequential, then random; Linux the other way round.
  const own = advice === 1 || advice === 2 ? 3 - advice : advice;
  return errorOf(host.fadvise(file.host, offset, size, own));
}

export function fd_allocate(fd: u32, offset: u64, size: u64): i32 {
  const file = find(fd, Right.FD_ALLOCATE);
  return failure !== 0 ? failure : errorOf(host.fallocate(file.host, offset, size));
}

// --- descriptors ---

export function fd_close(fd: u32): i32 {
  const file = find(fd, 0);
  if (failure !== 0) return failure;
  const result = host.close(file.host);
  file.host = -1;
  return errorOf(result);
}

export function fd_renumber(from: u32, to: u32): i32 {
  const file = find(from, 0);
  if (failure !== 0) return failure;
  const other = find(to, 0);
  if (failure !== 0) return failure;
  if (from === to) return WasiError.SUCCESS;
  host.close(other.host);
  move(other, file);
  return WasiError.SUCCESS;
}

/** fdstat: 0 type, 2 flags, 8 rights, 16 inherited rights. */
export function fd_fdstat_get(fd: u32, result: u32): i32 {
  const file = find(fd, 0);
  if (failure !== 0) return failure;
  if (!has(result, 24)) return WasiError.FAULT;
  const flags = host.fcntl(file.host, F_GETFL, 0);
  if (flags < 0) return errorOf(flags);
  const to = address(result);
  store<u64>(to, file.type);
  store<u16>(to, flagsOf(flags), 2);
  store<u64>(to, file.rights, 8);
  store<u64>(to, file.inherited, 16);
  return WasiError.SUCCESS;
}

function flagsOf(flags: u32): u32 {
  let found: u32 = 0;
  if ((flags & O_APPEND) !== 0) found |= APPEND;
  if ((flags & O_NONBLOCK) !== 0) found |= NONBLOCK;
  if ((flags & O_SYNC) === O_SYNC) found |= SYNC;
  else if ((flags & O_DSYNC) !== 0) found |= DSYNC;
  return found;
}

export function fd_fdstat_set_flags(fd: u32, flags: u32): i32 {
  const file = find(fd, Right.FD_FDSTAT_SET_FLAGS);
  if (failure !== 0) return failure;
  if ((flags & ~(APPEND | NONBLOCK)) !== 0) return WasiError.NOTSUP;
  const before = host.fcntl(file.host, F_GETFL, 0);
  if (before < 0) return errorOf(before);
  let wanted = before & ~(O_APPEND | O_NONBLOCK);
  if ((flags & APPEND) !== 0) wanted |= O_APPEND;
  if ((flags & NONBLOCK) !== 0) wanted |= O_NONBLOCK;
  return errorOf(host.fcntl(file.host, F_SETFL, wanted));
}

export function fd_fdstat_set_rights(fd: u32, rights: u64, inherited: u64): i32 {
  const file = find(fd, 0);
  if (failure !== 0) return failure;
  const isMore = (rights & ~(<u64>file.rights)) !== 0;
  if (isMore || (inherited & ~(<u64>file.inherited)) !== 0) return WasiError.NOTCAPABLE;
  file.rights = <u32>rights;
  file.inherited = <u32>inherited;
  return WasiError.SUCCESS;
}

export function fd_filestat_get(fd: u32, result: u32): i32 {
  const file = find(fd, Right.FD_FILESTAT_GET);
  if (failure !== 0) return failure;
  if (!has(result, FILESTAT_SIZE)) return WasiError.FAULT;
  const got = host.fstat(file.host, wasi_scratch());
  if (got >= 0) putFileStat(address(result), wasi_scratch());
  return errorOf(got);
}

export function fd_filestat_set_size(fd: u32, size: u64): i32 {
  const file = find(fd, Right.FD_FILESTAT_SET_SIZE);
  return failure !== 0 ? failure : errorOf(host.ftruncate(file.host, size));
}

export function fd_filestat_set_times(fd: u32, atime: u64, mtime: u64, flags: u32): i32 {
  const file = find(fd, Right.FD_FILESTAT_SET_TIMES);
  if (failure !== 0) return failure;
  const error = putTimes(wasi_scratch(), atime, mtime, flags);
  if (error !== WasiError.SUCCESS) return error;
  return errorOf(host.utimensat(file.host, 0, wasi_scratch()));
}

/** prestat: 0 kind (a directory), 4 the length of its name. */
export function fd_prestat_get(fd: u32, result: u32): i32 {
  const file = find(fd, 0);
  if (failure !== 0) return failure;
  if (file.preopen === 0) return WasiError.INVAL;
  if (!has(result, 8)) return WasiError.FAULT;
  store<u32>(address(result), 0);
  store<u32>(address(result), file.length, 4);
  return WasiError.SUCCESS;
}

export function fd_prestat_dir_name(fd: u32, path: u32, length: u32): i32 {
  const file = find(fd, 0);
  if (failure !== 0) return failure;
  if (file.preopen === 0) return WasiError.INVAL;
  if (length < file.length) return WasiError.NAMETOOLONG;
  if (!has(path, file.length)) return WasiError.FAULT;
  memory.copy(address(path), file.preopen, file.length);
  return WasiError.SUCCESS;
}

// --- directories ---

/** dirent: 0 cookie of the next, 8 inode, 16 length of the name, 20 type; then the name. */
const DIRENT_SIZE: u32 = 24;

export function fd_readdir(fd: u32, buffer: u32, size: u32, cookie: u64, result: u32): i32 {
  const file = find(fd, Right.FD_READDIR);
  if (failure !== 0) return failure;
  if (file.type !== FileType.DIRECTORY) return WasiError.NOTDIR;
  if (!has(buffer, size) || !has(result, 4)) return WasiError.FAULT;
  const position = host.seek(file.host, cookie, SEEK_SET, wasi_scratch());
  if (position < 0) return errorOf(position);
  let used: u32 = 0;
  while (used < size) {
    const got = host.getdents(file.host, wasi_scratch(), SCRATCH_SIZE);
    if (got < 0) return errorOf(got);
    if (got === 0) break;
    used = putEntries(wasi_scratch() + got, address(buffer), used, size);
  }
  store<u32>(address(result), used);
  return WasiError.SUCCESS;
}

/** Copies the entries in the scratch buffer, the last as far as it fits; returns what is used. */
function putEntries(end: usize, buffer: usize, start: u32, size: u32): u32 {
  let used = start;
  for (let at = wasi_scratch(); at < end && used < size; at += load<u16>(at + DIRENT_LENGTH)) {
    const name = at + DIRENT_NAME;
    let length: u32 = 0;
    while (load<u8>(name + length) !== 0) length++;
    used = putHead(at, length, buffer, used, size);
    const fits = min(length, size - used);
    memory.copy(buffer + used, name, fits);
    used += fits;
  }
  return used;
}

/** Puts the fixed part of an entry, as far as it fits, a byte at a time. */
function putHead(at: usize, length: u32, buffer: usize, start: u32, size: u32): u32 {
  const type = typeOfEntry(load<u8>(at + DIRENT_TYPE));
  let used = start;
  for (let i: u32 = 0; i < DIRENT_SIZE && used < size; i++, used++) {
    let byte: u32 = 0;
    if (i < 8) byte = load<u8>(at + DIRENT_OFFSET + i);
    else if (i < 16) byte = load<u8>(at + DIRENT_INO + i - 8);
    else if (i < 20) byte = length >> ((i - 16) << 3);
    else if (i === 20) byte = type;
    store<u8>(buffer + used, byte);
  }
  return used;
}

const DT_BLK: u32 = 6;

function typeOfEntry(type: u32): u32 {
  switch (type) {
    case DT_BLK:
      return FileType.BLOCK_DEVICE;
    case DT_CHR:
      return FileType.CHARACTER_DEVICE;
    case DT_DIR:
      return FileType.DIRECTORY;
    case DT_REG:
      return FileType.REGULAR_FILE;
    case DT_LNK:
      return FileType.SYMBOLIC_LINK;
    default:
      return FileType.UNKNOWN;
  }
}
