// Files of /proc that are texts.
//
// The text is made by the first read, and again by each read at position 0; reads at other
// positions go on in the same text, so that pieces fit together whatever changes in between.

import { EINVAL, ENOMEM } from "../../../src/abi/errno";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseIoctl, refuseReadDirectory } from "../../file/refusals";
import { sendBytes, transferSize } from "../../file/transfer";
import { free } from "../../memory/heap";
import { copyIn, UserPointer } from "../../memory/user-memory";
import { isOutdated, openedOf, openKept, releaseKept } from "./opened";
import { ProcInode } from "./proc-inode";
import { startText, takeText, textLength } from "./text";

/** What can be written at once. */
const WRITTEN_SIZE: u32 = 128;
const written: usize = memory.data(WRITTEN_SIZE, 4);

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of operations and returns it. */
export function textOperations(): FileOperations {
  operations.open = openKept.index;
  operations.release = releaseKept.index;
  operations.read = readText.index;
  operations.write = writeText.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.seekable = true;
  return operations;
}

function readText(file: OpenFile, to: UserPointer, size: u32, position: u64): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  const opened = openedOf(file);
  if (position === 0 || opened.text === 0) {
    const result = makeText(file);
    if (result !== 0) return result;
  }
  if (position >= opened.length) return 0;
  const left = opened.length - <u32>position;
  return sendBytes(to, opened.text + <u32>position, min<u32>(left, wanted));
}

/** Makes the text anew: 0 or -errno. */
function makeText(file: OpenFile): i32 {
  const inode = changetype<ProcInode>(file.inode);
  const refusal = inode.refusal;
  if (refusal !== 0) return refusal;
  startText();
  if (!isOutdated(file)) call_indirect<void>(inode.row.text, inode.process, inode.subject);
  const text = takeText();
  if (text === 0) return -ENOMEM;
  const opened = openedOf(file);
  free(opened.text);
  opened.text = text;
  opened.length = textLength;
  return 0;
}

function writeText(file: OpenFile, from: UserPointer, size: u32, _position: u64): i32 {
  const inode = changetype<ProcInode>(file.inode);
  const write = inode.row.write;
  if (write === 0) return -EINVAL;
  const wanted = transferSize(from, size);
  if (wanted <= 0) return wanted;
  if (<u32>wanted > WRITTEN_SIZE) return -EINVAL;
  const copied = copyIn(from, written, wanted);
  if (copied !== 0) return copied;
  const refusal = inode.refusal;
  if (refusal !== 0) return refusal;
  const result = call_indirect<i32>(write, inode.process, inode.subject, written, <u32>wanted);
  return result !== 0 ? result : wanted;
}
