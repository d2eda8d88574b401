// Files that stand for events and have no name: what their kinds have in common.
//
//   OpenFile -> Inode -> record       `inode.data`: an event counter, a signal set, a timer, an
//                                     interest list; it goes when the file is closed
//
// Each kind is a file system of its own, mounted nowhere, whose name /proc/PID/fd shows.

import { EINVAL, ENOMEM, isErrno } from "../../../src/abi/errno";
import { O_RDWR } from "../../../src/abi/files";
import { FileSystem } from "../../file/file-system";
import { createInode, FileOperations } from "../../file/inode";
import { OpenFile, openFile } from "../../file/open-file";
import { refuseIoctl, refuseReadDirectory } from "../../file/refusals";
import { UserPointer } from "../../memory/user-memory";

const ANON_INODE_MAGIC: u32 = 0x09041934;
const PERMISSIONS: u32 = 0o600;

/** Fills the record of a kind's operations with what most kinds refuse, and names the kind. */
export function startEventFiles(operations: FileOperations, kind: FileSystem, name: usize): void {
  operations.read = refuseTransfer.index;
  operations.write = refuseTransfer.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.ignoresPosition = true;
  kind.magic = ANON_INODE_MAGIC;
  kind.name = name;
}

/** A new open file of that kind, of which `record` is the data: its address or -errno. */
export function openEventFile(
  kind: FileSystem,
  operations: FileOperations,
  record: usize,
  flags: u32,
): usize {
  const inode = createInode(kind, PERMISSIONS);
  if (inode === null) return -ENOMEM;
  inode.links = 1;
  inode.operations = operations;
  inode.data = record;
  const opened = openFile(null, inode, flags | O_RDWR);
  inode.release();
  return opened;
}

/** Whether a file is one of that kind. */
export function isEventFile(file: OpenFile, operations: FileOperations): bool {
  return file.operations === operations;
}

/** Whether an address, as those above return it, is that of an open file. */
export function hasOpened(opened: usize): bool {
  return !isErrno(<u32>opened);
}

/** read and write of a kind that has neither. */
function refuseTransfer(_file: OpenFile, _buffer: UserPointer, _size: u32, _at: u64): i32 {
  return -EINVAL;
}
