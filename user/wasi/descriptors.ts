// The table of descriptors: what the program's numbers stand for, and what it may do with each.
//
// Rights only become fewer: what is opened through a directory has at most what the directory hands
// on. Source: wasi_snapshot_preview1, `rights`.

import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  STAT_MODE,
} from "../../src/abi/files";
import { WasiError } from "./error";
import { fstat } from "./host";
import { DESCRIPTOR_SIZE, DESCRIPTORS } from "./storage";
import { wasi_descriptors, wasi_scratch } from "./symbols";

export enum Right {
  FD_DATASYNC = 1 << 0,
  FD_READ = 1 << 1,
  FD_SEEK = 1 << 2,
  FD_FDSTAT_SET_FLAGS = 1 << 3,
  FD_SYNC = 1 << 4,
  FD_TELL = 1 << 5,
  FD_WRITE = 1 << 6,
  FD_ADVISE = 1 << 7,
  FD_ALLOCATE = 1 << 8,
  PATH_CREATE_DIRECTORY = 1 << 9,
  PATH_CREATE_FILE = 1 << 10,
  PATH_LINK_SOURCE = 1 << 11,
  PATH_LINK_TARGET = 1 << 12,
  PATH_OPEN = 1 << 13,
  FD_READDIR = 1 << 14,
  PATH_READLINK = 1 << 15,
  PATH_RENAME_SOURCE = 1 << 16,
  PATH_RENAME_TARGET = 1 << 17,
  PATH_FILESTAT_GET = 1 << 18,
  PATH_FILESTAT_SET_SIZE = 1 << 19,
  PATH_FILESTAT_SET_TIMES = 1 << 20,
  FD_FILESTAT_GET = 1 << 21,
  FD_FILESTAT_SET_SIZE = 1 << 22,
  FD_FILESTAT_SET_TIMES = 1 << 23,
  PATH_SYMLINK = 1 << 24,
  PATH_REMOVE_DIRECTORY = 1 << 25,
  PATH_UNLINK_FILE = 1 << 26,
  POLL_FD_READWRITE = 1 << 27,
  SOCK_SHUTDOWN = 1 << 28,
}

export const ALL_RIGHTS: u32 = 0x1fff_ffff;
const PATH_RIGHTS: u32 =
  Right.PATH_CREATE_DIRECTORY |
  Right.PATH_CREATE_FILE |
  Right.PATH_LINK_SOURCE |
  Right.PATH_LINK_TARGET |
  Right.PATH_OPEN |
  Right.FD_READDIR |
  Right.PATH_READLINK |
  Right.PATH_RENAME_SOURCE |
  Right.PATH_RENAME_TARGET |
  Right.PATH_FILESTAT_GET |
  Right.PATH_FILESTAT_SET_SIZE |
  Right.PATH_FILESTAT_SET_TIMES |
  Right.PATH_SYMLINK |
  Right.PATH_REMOVE_DIRECTORY |
  Right.PATH_UNLINK_FILE;
const SEEK_RIGHTS: u32 = Right.FD_SEEK | Right.FD_TELL | Right.FD_ADVISE | Right.FD_ALLOCATE;
const FILE_RIGHTS: u32 = ALL_RIGHTS & ~PATH_RIGHTS & ~(<u32>Right.SOCK_SHUTDOWN);
const DIRECTORY_RIGHTS: u32 =
  PATH_RIGHTS |
  Right.FD_FDSTAT_SET_FLAGS |
  Right.FD_SYNC |
  Right.FD_ADVISE |
  Right.FD_FILESTAT_GET |
  Right.FD_FILESTAT_SET_TIMES;

export enum FileType {
  UNKNOWN = 0,
  BLOCK_DEVICE = 1,
  CHARACTER_DEVICE = 2,
  DIRECTORY = 3,
  REGULAR_FILE = 4,
  SYMBOLIC_LINK = 7,
}

/** An entry of the table, which lies in storage.asm.ts. */
@unmanaged
export class Descriptor {
  /** The host's descriptor; -1: there is none. */
  host: i32 = -1;
  type: u32 = 0;
  /** The name of a preopened directory, as the program knows it; 0: it is not one. */
  preopen: usize = 0;
  length: u32 = 0;
  rights: u32 = 0;
  /** What may be done with what is opened through it. */
  inherited: u32 = 0;
}

function entry(number: u32): Descriptor {
  return changetype<Descriptor>(wasi_descriptors() + number * DESCRIPTOR_SIZE);
}

/** Why the last `find` found nothing. */
export let failure: i32 = 0;

/** The descriptor of this number, if it has these rights; else 0 and a reason in `failure`. */
export function find(number: u32, rights: u32): Descriptor {
  failure = WasiError.SUCCESS;
  const found = entry(min(number, DESCRIPTORS - 1));
  if (number >= DESCRIPTORS || found.host < 0) failure = WasiError.BADF;
  else if ((found.rights & rights) !== rights) failure = WasiError.NOTCAPABLE;
  return found;
}

/** Empties the table. */
export function clear(): void {
  for (let number: u32 = 0; number < DESCRIPTORS; number++) entry(number).host = -1;
}

/** Gives the lowest free number to a descriptor of the host; -1: there is none. */
export function add(host: i32, type: u32, rights: u32, inherited: u32): i32 {
  for (let number: u32 = 0; number < DESCRIPTORS; number++) {
    const free = entry(number);
    if (free.host >= 0) continue;
    free.host = host;
    free.type = type;
    free.preopen = 0;
    free.length = 0;
    free.rights = rights & rightsOf(type);
    free.inherited = inherited;
    return number;
  }
  return -1;
}

/** Makes a descriptor a directory that the program finds at its start. */
export function preopen(number: u32, name: usize, length: u32): void {
  const found = entry(number);
  found.preopen = name;
  found.length = length;
}

/** Gives what `from` has to `to`, which becomes free. */
export function move(to: Descriptor, from: Descriptor): void {
  memory.copy(changetype<usize>(to), changetype<usize>(from), DESCRIPTOR_SIZE);
  from.host = -1;
}

/** What can be done with a file of this type at all. */
function rightsOf(type: u32): u32 {
  if (type === FileType.DIRECTORY) return DIRECTORY_RIGHTS;
  if (type === FileType.REGULAR_FILE || type === FileType.BLOCK_DEVICE) return FILE_RIGHTS;
  return FILE_RIGHTS & ~SEEK_RIGHTS;
}

/** The type that a mode of stat(2) says. */
export function typeOfMode(mode: u32): u32 {
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return FileType.BLOCK_DEVICE;
    case S_IFCHR:
      return FileType.CHARACTER_DEVICE;
    case S_IFDIR:
      return FileType.DIRECTORY;
    case S_IFREG:
      return FileType.REGULAR_FILE;
    case S_IFLNK:
      return FileType.SYMBOLIC_LINK;
    default:
      return FileType.UNKNOWN;
  }
}

/** The type of an open file of the host. */
export function typeOfFile(host: i32): u32 {
  const result = wasi_scratch();
  if (fstat(host, result) < 0) return FileType.UNKNOWN;
  return typeOfMode(load<u32>(result + STAT_MODE));
}
