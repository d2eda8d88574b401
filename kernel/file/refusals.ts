// What a kind of file answers to an operation that it does not have.

import { EBADF, EINVAL, EISDIR, ENOTDIR, ENOTTY } from "../../src/abi/errno";
import { UserPointer } from "../memory/user-memory";
import { OpenFile } from "./open-file";

/** ioctl on what has no commands. */
export function refuseIoctl(_file: OpenFile, _command: u32, _argument: u32): i32 {
  return -ENOTTY;
}

/** getdents64 on what is not a directory. */
export function refuseReadDirectory(_file: OpenFile, _to: UserPointer, _size: u32): i32 {
  return -ENOTDIR;
}

/** read on a directory. */
export function refuseRead(_file: OpenFile, _to: UserPointer, _size: u32, _at: u64): i32 {
  return -EISDIR;
}

/** write on what is never open for writing. */
export function refuseWrite(_file: OpenFile, _from: UserPointer, _size: u32, _at: u64): i32 {
  return -EBADF;
}

/** write on a device that can only be read. */
export function refuseDeviceWrite(_file: OpenFile, _from: UserPointer, _size: u32, _at: u64): i32 {
  return -EINVAL;
}
