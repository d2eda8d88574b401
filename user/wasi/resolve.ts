// Finds the directory and the name that a path of the program means, and never leaves the directory
// that the path begins in: not by `..`, nor by a symbolic link, nor by one that appears meanwhile.
//
// Each directory on the way is opened by its name in the one before, without following links. A
// link is read, and what it says is put before the rest of the path. What is left at the end is an
// open directory and one name in it, which the calls of the host then use without following it
// either.
//
//   resolved   0  depth      how many directories are open
//              4  mustBeDirectory: the path ends in a slash
//              8  directories, the last being that of the name; the first is the descriptor's own
//              …  name
//              …  rest      what is still to be resolved

import { ELOOP, ENOTDIR } from "../../src/abi/errno";
import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH } from "../../src/abi/files";
import { errorOf, WasiError } from "./error";
import { address, has } from "./guest";
import { close, openat, readlinkat } from "./host";
import { MAX_DEPTH, PATH_REST, PATH_SIZE, REST_SIZE } from "./storage";
import { wasi_paths, wasi_scratch } from "./symbols";

const DIRECTORIES: u32 = 8;
const NAME: u32 = 0x400;
/** The longest name of a file. */
const MAX_NAME: u32 = 255;
const MAX_PATH: u32 = 4096;
/** Symbolic links in one path. */
const MAX_LINKS: u32 = 40;

const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;

@unmanaged
export class Resolved {
  private depth: u32 = 0;
  mustBeDirectory: bool = false;

  /** The open directory that `name` is in. */
  get directory(): i32 {
    return load<i32>(changetype<usize>(this) + DIRECTORIES + (this.depth << 2));
  }

  /** A name that ends in NUL; `.` for the directory itself. */
  get name(): usize {
    return changetype<usize>(this) + NAME;
  }

  private get rest(): usize {
    return changetype<usize>(this) + PATH_REST;
  }

  /**
   * Resolves a path of the program from a directory of the host on.
   *
   * @param follows whether a symbolic link at the end is followed
   * @returns an error of WASI; if it is none, `release` is due
   */
  resolve(directory: i32, path: u32, length: u32, follows: bool): i32 {
    if (!has(path, length)) return WasiError.FAULT;
    if (length >= MAX_PATH) return WasiError.NAMETOOLONG;
    if (length === 0) return WasiError.NOENT;
    memory.copy(this.rest, address(path), length);
    store<u8>(this.rest + length, 0);
    if (hasNul(this.rest, length)) return WasiError.INVAL;
    if (load<u8>(this.rest) === SLASH) return WasiError.NOTCAPABLE;
    this.depth = 0;
    this.mustBeDirectory = false;
    this.put(directory);
    const error = this.walk(length, follows);
    if (error !== WasiError.SUCCESS) this.release();
    return error;
  }

  /** Closes the directories that were opened. */
  release(): void {
    for (; this.depth > 0; this.depth--) close(this.directory);
  }

  private put(directory: i32): void {
    store<i32>(changetype<usize>(this) + DIRECTORIES + (this.depth << 2), directory);
  }

  private walk(length: u32, follows: bool): i32 {
    let at = this.rest;
    let end = at + length;
    let links: u32 = 0;
    while (true) {
      while (load<u8>(at) === SLASH) at++;
      const start = at;
      while (at < end && load<u8>(at) !== SLASH) at++;
      const size = <u32>(at - start);
      while (load<u8>(at) === SLASH) at++;
      const isLast = at === end;
      const endsInSlash = isLast && load<u8>(at - 1) === SLASH;
      if (size > MAX_NAME) return WasiError.NAMETOOLONG;
      memory.copy(this.name, start, size);
      store<u8>(this.name + size, 0);
      if (isDots(start, size)) {
        const error = size === 2 ? this.leave() : WasiError.SUCCESS;
        if (error !== WasiError.SUCCESS || isLast) return this.stay(error);
        continue;
      }
      let error: i32 = WasiError.SUCCESS;
      if (isLast) {
        this.mustBeDirectory = endsInSlash || this.mustBeDirectory;
        if (!follows && !endsInSlash) return WasiError.SUCCESS;
      } else {
        error = this.enter();
        if (error === WasiError.SUCCESS) continue;
        if (error !== WasiError.NOTDIR) return error;
      }
      const linked = readlinkat(this.directory, this.name, wasi_scratch(), MAX_PATH);
      if (linked < 0) return error;
      if (++links > MAX_LINKS) return WasiError.LOOP;
      if (load<u8>(wasi_scratch()) === SLASH) return WasiError.NOTCAPABLE;
      // The link's text, a slash, and the rest.
      const left = <u32>(end - at);
      const more = isLast ? (endsInSlash ? 1 : 0) : 1;
      if (<u32>linked + more + left >= REST_SIZE) return WasiError.NAMETOOLONG;
      memory.copy(this.rest + linked + more, at, left);
      memory.copy(this.rest, wasi_scratch(), linked);
      if (more) store<u8>(this.rest + linked, SLASH);
      at = this.rest;
      end = at + linked + more + left;
      store<u8>(end, 0);
    }
  }

  /** The directory itself is meant. */
  private stay(error: i32): i32 {
    store<u16>(this.name, DOT);
    return error;
  }

  /** Goes up, but no further than where the path begins. */
  private leave(): i32 {
    if (this.depth === 0) return WasiError.NOTCAPABLE;
    close(this.directory);
    this.depth--;
    return WasiError.SUCCESS;
  }

  private enter(): i32 {
    if (this.depth === MAX_DEPTH) return WasiError.NAMETOOLONG;
    const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const next = openat(this.directory, this.name, flags, 0);
    if (next === -ENOTDIR || next === -ELOOP) return WasiError.NOTDIR;
    if (next < 0) return errorOf(next);
    this.depth++;
    this.put(next);
    return WasiError.SUCCESS;
  }
}

/** Whether a name is `.` or `..`. */
function isDots(name: usize, size: u32): bool {
  if (size === 1) return load<u8>(name) === DOT;
  return size === 2 && load<u16>(name) === ((DOT << 8) | DOT);
}

function hasNul(text: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(text + i) === 0) return true;
  return false;
}

/** The place for the path of a call, or for its second one. */
export function place(index: u32): Resolved {
  return changetype<Resolved>(wasi_paths() + index * PATH_SIZE);
}
