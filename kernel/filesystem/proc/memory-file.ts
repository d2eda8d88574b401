// /proc/PID/mem: the memory of a process, at the addresses that it has there.
//
// Each page goes by way of a page of the kernel's: the space of the process is walked as copyIn()
// walks the reader's own (law 6), so what the process itself may not read or write, nobody does
// here. In that it differs from Linux, where a debugger may write to read-only pages.

import { EIO } from "../../../src/abi/errno";
import { PAGE_MASK, PAGE_SIZE, USER_END } from "../../../src/abi/memory-map";
import { preemptHolding } from "../../file/held-file";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseReadDirectory } from "../../file/refusals";
import { bounce, transferSize } from "../../file/transfer";
import { AddressSpace } from "../../memory/space";
import {
  copyIn,
  copyInFrom,
  copyOut,
  copyOutTo,
  UserPointer,
  userPointer,
} from "../../memory/user-memory";
import { currentThread } from "../../thread/thread";
import { isOutdated, openKept, releaseKept } from "./opened";
import { ProcInode } from "./proc-inode";

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of operations and returns it. */
export function memoryOperations(): FileOperations {
  operations.open = openKept.index;
  operations.release = releaseKept.index;
  operations.read = readMemory.index;
  operations.write = writeMemory.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.seekable = true;
  return operations;
}

function readMemory(file: OpenFile, to: UserPointer, size: u32, position: u64): i32 {
  return transfer(file, to, size, position, false);
}

function writeMemory(file: OpenFile, from: UserPointer, size: u32, position: u64): i32 {
  return transfer(file, from, size, position, true);
}

function transfer(
  file: OpenFile,
  buffer: UserPointer,
  size: u32,
  position: u64,
  writes: bool,
): i32 {
  const wanted = transferSize(buffer, size);
  if (wanted <= 0) return wanted;
  let done: u32 = 0;
  while (done < <u32>wanted) {
    // Asked for anew each time: the process may end, or begin another program, in between.
    const refusal = changetype<ProcInode>(file.inode).refusal;
    if (refusal !== 0) return done !== 0 ? <i32>done : refusal;
    const space = spaceOf(file);
    if (space === null) break;
    const at = position + done;
    if (at >= <u64>USER_END) return done !== 0 ? <i32>done : -EIO;
    const part = min<u32>(<u32>wanted - done, PAGE_SIZE - (<u32>at & PAGE_MASK));
    const there = userPointer(<u32>at);
    const here = buffer.plus(done);
    const result = writes ? put(space, there, here, part) : get(space, there, here, part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
    if (done < <u32>wanted) preemptHolding(file);
    if (currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

/** The space that the file shows; null: that is gone. */
function spaceOf(file: OpenFile): AddressSpace | null {
  const process = changetype<ProcInode>(file.inode).process;
  return process === null || isOutdated(file) ? null : process.space;
}

function get(space: AddressSpace, there: UserPointer, here: UserPointer, size: u32): i32 {
  return copyInFrom(space, there, bounce, size) !== 0 ? -EIO : copyOut(here, bounce, size);
}

function put(space: AddressSpace, there: UserPointer, here: UserPointer, size: u32): i32 {
  const result = copyIn(here, bounce, size);
  if (result !== 0) return result;
  return copyOutTo(space, there, bounce, size) !== 0 ? -EIO : 0;
}
