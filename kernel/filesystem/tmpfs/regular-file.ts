// Regular files of a tmpfs: reads and writes go to the pages of the inode's memory object.
//
// A page of the file and a page of the user are each seen through a window while bytes are copied
// from one to the other: nothing goes through a buffer.

import { EFBIG, ENOSPC, EPERM } from "../../../src/abi/errno";
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
} from "../../../src/abi/files";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../../src/abi/memory-map";
import { currentTime } from "../../device/clock";
import { preemptHolding } from "../../file/held-file";
import { FileOperations, Inode } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { dropSetIds } from "../../file/permission";
import { refuseIoctl, refuseReadDirectory } from "../../file/refusals";
import { transferSize } from "../../file/transfer";
import { LARGEST_OBJECT, MemoryObject } from "../../memory/memory-object";
import { clearUser, copyInFrame, copyOutFrame, UserPointer } from "../../memory/user-memory";
import { currentThread } from "../../thread/thread";

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of operations; before any file is opened. */
export function startRegularFiles(): void {
  operations.read = readRegular.index;
  operations.write = writeRegular.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.seekable = true;
}

export function regularOperations(): FileOperations {
  return operations;
}

function readRegular(file: OpenFile, to: UserPointer, size: u32, position: u64): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  const inode = file.inode;
  inode.accessed = currentTime();
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const at = position + done;
    // Asked for anew each time: others run in between.
    const end = inode.size;
    if (at >= end) break;
    const left = <u32>min<u64>(end - at, wanted - done);
    const part = min<u32>(left, PAGE_SIZE - (<u32>at & PAGE_MASK));
    const result = sendPart(inode.object!, at, to.plus(done), part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
    if (done < <u32>wanted) preemptHolding(file);
    if (currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

/** Copies bytes of one page to the user; a hole reads as zeros. 0 or -errno. */
function sendPart(object: MemoryObject, position: u64, to: UserPointer, size: u32): i32 {
  const frame = object.frame(<u32>(position >> PAGE_SHIFT));
  if (frame === 0) return clearUser(to, size);
  return copyOutFrame(to, frame, <u32>position & PAGE_MASK, size);
}

function writeRegular(file: OpenFile, from: UserPointer, size: u32, position: u64): i32 {
  const wanted = transferSize(from, size);
  if (wanted <= 0) return wanted;
  if (position >= LARGEST_OBJECT) return -EFBIG;
  const inode = file.inode;
  dropSetIds(inode);
  const most = <u32>min<u64>(wanted, LARGEST_OBJECT - position);
  let done: u32 = 0;
  while (done < most) {
    const at = position + done;
    const part = min<u32>(most - done, PAGE_SIZE - (<u32>at & PAGE_MASK));
    const object = inode.object!;
    const sealed = object.seals > F_SEAL_SHRINK ? sealRefusal(object, at + part) : 0;
    const result = sealed !== 0 ? sealed : fetchPart(object, at, from.plus(done), part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
    growTo(inode, at + part);
    if (done < most) preemptHolding(file);
    if (currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

/** Why seals forbid a write that ends at `end`; 0: they do not. */
function sealRefusal(object: MemoryObject, end: u64): i32 {
  const seals = object.seals;
  if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) return -EPERM;
  return (seals & F_SEAL_GROW) !== 0 && end > object.size ? -EPERM : 0;
}

/** Copies bytes of the user into one page. 0 or -errno. */
function fetchPart(object: MemoryObject, position: u64, from: UserPointer, size: u32): i32 {
  const frame = object.ensureFrame(<u32>(position >> PAGE_SHIFT));
  if (frame === 0) return -ENOSPC;
  return copyInFrame(from, frame, <u32>position & PAGE_MASK, size);
}

/** What was written ends at `end`. */
function growTo(inode: Inode, end: u64): void {
  const object = inode.object!;
  if (end > object.size) object.size = end;
  inode.noteModified();
}
