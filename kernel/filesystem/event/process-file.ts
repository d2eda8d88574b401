// pidfd_open(2): a file that stands for a process, and is readable once that has ended.
//
// Its inode's data is the process's serial number, not its id: that may come back.

import { EBADF, ESRCH } from "../../../src/abi/errno";
import { POLLIN, POLLRDNORM } from "../../../src/abi/poll";
import { FileSystem } from "../../file/file-system";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { endings } from "../../process/exit";
import { findSerial, Process } from "../../process/process";
import { pollWait } from "../../thread/poll-table";
import { isEventFile, openEventFile, startEventFiles } from "./event-file";

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const processFiles = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));

/** Fills the record of operations; before any file is made. */
export function startProcessFiles(): void {
  startEventFiles(operations, processFiles, cstr("anon_inode:[pidfd]"));
  operations.poll = pollProcess.index;
  operations.queues = queuesOfProcess.index;
}

/** An open file for `process`: its address or -errno. */
export function openProcessFile(process: Process, flags: u32): usize {
  return openEventFile(processFiles, operations, process.serial, flags);
}

/** The process that a file stands for, a zombie perhaps: its record, -ESRCH, or -EBADF: none. */
export function processOfFile(file: OpenFile): usize {
  if (!isEventFile(file, operations)) return -EBADF;
  const process = findSerial(<u32>file.inode.data);
  return process === null ? -ESRCH : changetype<usize>(process);
}

function queuesOfProcess(_file: OpenFile): void {
  pollWait(endings);
}

function pollProcess(file: OpenFile): u32 {
  const process = findSerial(<u32>file.inode.data);
  return process === null || process.isZombie ? POLLIN | POLLRDNORM : 0;
}
