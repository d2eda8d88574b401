// /dev/null, zero, full, random and urandom: files without an end or without anything in them.

import { EINVAL, ENOSPC } from "../../../src/abi/errno";
import { fillRandom } from "../../device/random";
import { preemptHolding } from "../../file/held-file";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseReadDirectory } from "../../file/refusals";
import { bounce, LARGEST_TRANSFER, portion, transferSize } from "../../file/transfer";
import { clearPart, clearUser, copyOut, UserPointer } from "../../memory/user-memory";
import { currentThread } from "../../thread/thread";

const nothing = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const zeros = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const full = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const random = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of /dev/null's operations and returns it. */
export function nullOperations(): FileOperations {
  return fill(nothing, readNothing.index, writeNothing.index);
}

/** Fills the record of /dev/zero's operations and returns it. */
export function zeroOperations(): FileOperations {
  return fill(zeros, readZeros.index, writeNothing.index);
}

/** Fills the record of /dev/full's operations and returns it: a disk without room. */
export function fullOperations(): FileOperations {
  return fill(full, readZeros.index, refuseRoom.index);
}

/** Fills the record of /dev/random's and /dev/urandom's operations and returns it. */
export function randomOperations(): FileOperations {
  return fill(random, readRandom.index, writeNothing.index);
}

function fill(operations: FileOperations, read: u32, write: u32): FileOperations {
  operations.read = read;
  operations.write = write;
  operations.ignoresPosition = true;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = refuseReadDirectory.index;
  return operations;
}

function readNothing(_file: OpenFile, _to: UserPointer, _size: u32, _at: u64): i32 {
  return 0;
}

/** Nothing is read, so the address does not matter. */
function writeNothing(_file: OpenFile, _from: UserPointer, size: u32, _at: u64): i32 {
  if (size <= LARGEST_TRANSFER) return <i32>size;
  return <i32>size < 0 ? -EINVAL : <i32>LARGEST_TRANSFER;
}

/** Even a write of nothing finds no room. */
function refuseRoom(_file: OpenFile, _from: UserPointer, _size: u32, _at: u64): i32 {
  return -ENOSPC;
}

function readZeros(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  // On one page that is there it needs no portions.
  return clearPart(to, size) ? <i32>size : sendPortions(file, to, size, clearUser.index);
}

function readRandom(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  return sendPortions(file, to, size, sendRandom.index);
}

/** As clearUser(), with bytes that nobody can foretell. They lie on one page. */
function sendRandom(to: UserPointer, size: u32): i32 {
  fillRandom(bounce, size);
  return copyOut(to, bounce, size);
}

/** Has the function of index `send`, such as clearUser(), send to each page of the user's range. */
function sendPortions(file: OpenFile, to: UserPointer, size: u32, send: u32): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  let done: u32 = 0;
  while (true) {
    const part = portion(to, done, <u32>wanted);
    const result = call_indirect<i32>(send, to.plus(done), part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
    if (done === <u32>wanted) return wanted;
    preemptHolding(file);
    if (currentThread.pendingSignal !== 0) return <i32>done;
  }
}
