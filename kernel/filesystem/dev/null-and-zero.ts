// /dev/null and /dev/zero: the empty file and the endless one.

import { EINVAL } from "../../../src/abi/errno";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseReadDirectory } from "../../file/refusals";
import { LARGEST_TRANSFER, portion, transferSize } from "../../file/transfer";
import { clearUser, UserPointer } from "../../memory/user-memory";
import { preemptionPoint } from "../../thread/schedule";
import { currentThread } from "../../thread/thread";

const nothing = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const zeros = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of /dev/null's operations and returns it. */
export function nullOperations(): FileOperations {
  return fill(nothing, readNothing.index);
}

/** Fills the record of /dev/zero's operations and returns it. */
export function zeroOperations(): FileOperations {
  return fill(zeros, readZeros.index);
}

function fill(operations: FileOperations, read: u32): FileOperations {
  operations.read = read;
  operations.write = writeNothing.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = refuseReadDirectory.index;
  return operations;
}

function readNothing(_file: OpenFile, _to: UserPointer, _size: u32): i32 {
  return 0;
}

/** Nothing is read, so the address does not matter. */
function writeNothing(_file: OpenFile, _from: UserPointer, size: u32): i32 {
  if (size <= LARGEST_TRANSFER) return <i32>size;
  return <i32>size < 0 ? -EINVAL : <i32>LARGEST_TRANSFER;
}

function readZeros(_file: OpenFile, to: UserPointer, size: u32): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const part = portion(to, done, <u32>wanted);
    const result = clearUser(to.plus(done), part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
    if (done < <u32>wanted) preemptionPoint();
    if (currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}
