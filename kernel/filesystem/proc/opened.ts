// What an open file of /proc keeps: the text that was made for it, and which program it saw.
//
// A file that was opened before its process began another program says nothing of that one: who
// could look into the first may not look into the second, which may have other rights.

import { ENOMEM } from "../../../src/abi/errno";
import { OpenFile } from "../../file/open-file";
import { allocate, free } from "../../memory/heap";
import { ProcInode } from "./proc-inode";

@unmanaged
export class Opened {
  /** The text, 0: none was made. */
  text: usize = 0;
  length: u32 = 0;
  /** The programs that the process had begun: see Process. */
  programs: u32 = 0;
}

/** What `file`, which is open, keeps. */
export function openedOf(file: OpenFile): Opened {
  return changetype<Opened>(file.data);
}

/** The operation `open` of files that keep something. */
export function openKept(file: OpenFile): i32 {
  const inode = changetype<ProcInode>(file.inode);
  const refusal = inode.refusal;
  if (refusal !== 0) return refusal;
  file.data = allocate(offsetof<Opened>());
  if (file.data === 0) return -ENOMEM;
  const process = inode.process;
  if (process !== null) openedOf(file).programs = process.programs;
  return 0;
}

/** The operation `release` of them. */
export function releaseKept(file: OpenFile): void {
  free(openedOf(file).text);
  free(file.data);
}

/** Whether a private file's process runs another program than when the file was opened. */
export function isOutdated(file: OpenFile): bool {
  const inode = changetype<ProcInode>(file.inode);
  const process = inode.process;
  return inode.row.isPrivate && process !== null && process.programs !== openedOf(file).programs;
}
