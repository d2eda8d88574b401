// The calls of WASI about names in directories: path_*.

import {
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_DSYNC,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_SYNC,
  O_TRUNC,
  O_WRONLY,
  STAT_MODE,
} from "../../src/abi/files";
import { add, FileType, failure, find, Right, typeOfFile, typeOfMode } from "./descriptors";
import { errorOf, WasiError } from "./error";
import { APPEND, DSYNC, NONBLOCK, RSYNC, SYNC } from "./file-calls";
import { address, has } from "./guest";
import * as host from "./host";
import { place } from "./resolve";
import { FILESTAT_SIZE, putFileStat, putTimes } from "./statistics";
import { SCRATCH_SIZE } from "./storage";
import { wasi_scratch } from "./symbols";

/** In the flags of a look-up: a symbolic link at the end is followed. */
const FOLLOW: u32 = 1;
/** Permissions before the umask. */
const DIRECTORY_MODE: u32 = 0o777;
const FILE_MODE: u32 = 0o666;

function resolve(index: u32, fd: u32, rights: u32, path: u32, length: u32, follows: bool): i32 {
  const directory = find(fd, rights);
  if (failure !== 0) return failure;
  if (directory.type !== FileType.DIRECTORY) return WasiError.NOTDIR;
  return place(index).resolve(directory.host, path, length, follows);
}

// --- opening ---

const OPEN_CREATE: u32 = 1;
const OPEN_DIRECTORY: u32 = 2;
const OPEN_EXCLUSIVE: u32 = 4;
const OPEN_TRUNCATE: u32 = 8;

const READING: u32 = Right.FD_READ | Right.FD_READDIR;
const WRITING: u32 =
  Right.FD_WRITE | Right.FD_DATASYNC | Right.FD_ALLOCATE | Right.FD_FILESTAT_SET_SIZE;

export function path_open(
  fd: u32,
  lookup: u32,
  path: u32,
  length: u32,
  how: u32,
  rights: u64,
  inherited: u64,
  flags: u32,
  result: u32,
): i32 {
  if (!has(result, 4)) return WasiError.FAULT;
  let needed: u32 = Right.PATH_OPEN;
  if ((how & OPEN_CREATE) !== 0) needed |= Right.PATH_CREATE_FILE;
  if ((how & OPEN_TRUNCATE) !== 0) needed |= Right.PATH_FILESTAT_SET_SIZE;
  const directory = find(fd, needed);
  if (failure !== 0) return failure;
  let handedOn = rights | inherited;
  if ((flags & DSYNC) !== 0) handedOn |= Right.FD_DATASYNC;
  if ((flags & (RSYNC | SYNC)) !== 0) handedOn |= Right.FD_SYNC;
  if ((handedOn & ~(<u64>directory.inherited)) !== 0) return WasiError.NOTCAPABLE;
  const follows = (lookup & FOLLOW) !== 0 && (how & OPEN_EXCLUSIVE) === 0;
  const error = resolve(0, fd, needed, path, length, follows);
  if (error !== WasiError.SUCCESS) return error;
  const found = place(0);
  const opened = host.openat(
    found.directory,
    found.name,
    openFlags(<u32>rights, how, flags) | (found.mustBeDirectory ? O_DIRECTORY : 0),
    FILE_MODE,
  );
  found.release();
  return opened < 0 ? errorOf(opened) : number(opened, <u32>rights, <u32>inherited, result);
}

function openFlags(rights: u32, how: u32, flags: u32): u32 {
  const writes = (rights & WRITING) !== 0;
  const reads = (rights & READING) !== 0;
  let found = writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
  if ((how & OPEN_CREATE) !== 0) found |= O_CREAT;
  if ((how & OPEN_DIRECTORY) !== 0) found |= O_DIRECTORY;
  if ((how & OPEN_EXCLUSIVE) !== 0) found |= O_EXCL;
  if ((how & OPEN_TRUNCATE) !== 0) found |= O_TRUNC;
  if ((flags & APPEND) !== 0) found |= O_APPEND;
  if ((flags & DSYNC) !== 0) found |= O_DSYNC;
  if ((flags & NONBLOCK) !== 0) found |= O_NONBLOCK;
  if ((flags & (RSYNC | SYNC)) !== 0) found |= O_SYNC;
  return found | O_NOFOLLOW | O_CLOEXEC;
}

/** Gives what was opened a number. */
function number(opened: i32, rights: u32, inherited: u32, result: u32): i32 {
  const type = typeOfFile(opened);
  const fd = add(opened, type, rights, type === FileType.DIRECTORY ? inherited : 0);
  if (fd < 0) {
    host.close(opened);
    return WasiError.MFILE;
  }
  store<u32>(address(result), fd);
  return WasiError.SUCCESS;
}

// --- names ---

export function path_create_directory(fd: u32, path: u32, length: u32): i32 {
  const error = resolve(0, fd, Right.PATH_CREATE_DIRECTORY, path, length, false);
  if (error !== WasiError.SUCCESS) return error;
  const made = host.mkdirat(place(0).directory, place(0).name, DIRECTORY_MODE);
  place(0).release();
  return errorOf(made);
}

export function path_remove_directory(fd: u32, path: u32, length: u32): i32 {
  const error = resolve(0, fd, Right.PATH_REMOVE_DIRECTORY, path, length, false);
  if (error !== WasiError.SUCCESS) return error;
  const removed = host.unlinkat(place(0).directory, place(0).name, host.AT_REMOVEDIR);
  place(0).release();
  return errorOf(removed);
}

export function path_unlink_file(fd: u32, path: u32, length: u32): i32 {
  const error = resolve(0, fd, Right.PATH_UNLINK_FILE, path, length, false);
  if (error !== WasiError.SUCCESS) return error;
  const found = place(0);
  const isWrong = found.mustBeDirectory;
  const removed = isWrong ? 0 : host.unlinkat(found.directory, found.name, 0);
  found.release();
  return isWrong ? WasiError.NOTDIR : errorOf(removed);
}

export function path_rename(
  fd: u32,
  old: u32,
  oldLength: u32,
  newFd: u32,
  path: u32,
  length: u32,
): i32 {
  const error = resolve(0, fd, Right.PATH_RENAME_SOURCE, old, oldLength, false);
  if (error !== WasiError.SUCCESS) return error;
  const other = resolve(1, newFd, Right.PATH_RENAME_TARGET, path, length, false);
  if (other !== WasiError.SUCCESS) {
    place(0).release();
    return other;
  }
  const renamed = host.renameat(
    place(0).directory,
    place(0).name,
    place(1).directory,
    place(1).name,
  );
  place(0).release();
  place(1).release();
  return errorOf(renamed);
}

export function path_link(
  fd: u32,
  lookup: u32,
  old: u32,
  oldLength: u32,
  newFd: u32,
  path: u32,
  length: u32,
): i32 {
  const follows = (lookup & FOLLOW) !== 0;
  const error = resolve(0, fd, Right.PATH_LINK_SOURCE, old, oldLength, follows);
  if (error !== WasiError.SUCCESS) return error;
  const other = resolve(1, newFd, Right.PATH_LINK_TARGET, path, length, false);
  if (other !== WasiError.SUCCESS) {
    place(0).release();
    return other;
  }
  const linked = host.linkat(place(0).directory, place(0).name, place(1).directory, place(1).name);
  place(0).release();
  place(1).release();
  return errorOf(linked);
}

/** The text of the link may say anything: it is judged when it is followed. */
export function path_symlink(old: u32, oldLength: u32, fd: u32, path: u32, length: u32): i32 {
  if (!has(old, oldLength)) return WasiError.FAULT;
  const error = resolve(0, fd, Right.PATH_SYMLINK, path, length, false);
  if (error !== WasiError.SUCCESS) return error;
  const found = place(0);
  let made: i32 = 0;
  const fits = oldLength < SCRATCH_SIZE;
  if (fits) {
    memory.copy(wasi_scratch(), address(old), oldLength);
    store<u8>(wasi_scratch() + oldLength, 0);
    made = host.symlinkat(wasi_scratch(), found.directory, found.name);
  }
  found.release();
  return fits ? errorOf(made) : WasiError.NAMETOOLONG;
}

export function path_readlink(
  fd: u32,
  path: u32,
  length: u32,
  buffer: u32,
  size: u32,
  result: u32,
): i32 {
  if (!has(buffer, size) || !has(result, 4)) return WasiError.FAULT;
  const error = resolve(0, fd, Right.PATH_READLINK, path, length, false);
  if (error !== WasiError.SUCCESS) return error;
  const found = place(0);
  const got = host.readlinkat(found.directory, found.name, wasi_scratch(), SCRATCH_SIZE);
  found.release();
  if (got < 0) return errorOf(got);
  const used = min(<u32>got, size);
  memory.copy(address(buffer), wasi_scratch(), used);
  store<u32>(address(result), used);
  return WasiError.SUCCESS;
}

// --- what is known of files ---

export function path_filestat_get(fd: u32, lookup: u32, path: u32, length: u32, result: u32): i32 {
  if (!has(result, FILESTAT_SIZE)) return WasiError.FAULT;
  const follows = (lookup & FOLLOW) !== 0;
  const error = resolve(0, fd, Right.PATH_FILESTAT_GET, path, length, follows);
  if (error !== WasiError.SUCCESS) return error;
  const found = place(0);
  const got = host.fstatat(found.directory, found.name, wasi_scratch());
  found.release();
  if (got < 0) return errorOf(got);
  const type = typeOfMode(load<u32>(wasi_scratch() + STAT_MODE));
  if (found.mustBeDirectory && type !== FileType.DIRECTORY) return WasiError.NOTDIR;
  putFileStat(address(result), wasi_scratch());
  return WasiError.SUCCESS;
}

export function path_filestat_set_times(
  fd: u32,
  lookup: u32,
  path: u32,
  length: u32,
  atime: u64,
  mtime: u64,
  flags: u32,
): i32 {
  const follows = (lookup & FOLLOW) !== 0;
  const error = resolve(0, fd, Right.PATH_FILESTAT_SET_TIMES, path, length, follows);
  if (error !== WasiError.SUCCESS) return error;
  const found = place(0);
  let wrong = putTimes(wasi_scratch(), atime, mtime, flags);
  if (wrong === WasiError.SUCCESS) {
    wrong = errorOf(host.utimensat(found.directory, found.name, wasi_scratch()));
  }
  found.release();
  return wrong;
}
