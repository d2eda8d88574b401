// /dev/processes: one line of text for each process, for ps.
//
//   column  0      6      12     18  20        30
//           pid    parent group  state KiB     name, then blanks and a newline: LINE bytes
//
// Every line has the same length, so a position in the file is a process and a place in its line.
// The state is R (runnable), S (sleeps until something happens) or Z (a zombie).

import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseDeviceWrite, refuseIoctl, refuseReadDirectory } from "../../file/refusals";
import { sendBytes, transferSize } from "../../file/transfer";
import { UserPointer } from "../../memory/user-memory";
import { firstProcess, listVersion, Process } from "../../process/process";
import { isRunnable } from "../../process/thread-group";

const LINE: u32 = 48;
const KIB_PER_PAGE: u32 = 4;
const SPACE: u8 = 0x20;
const NEWLINE: u32 = 0x0a;

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const line: usize = memory.data(LINE);
/** The process of line `cursorLine`, if the list is that of `cursorVersion`: reads go on there. */
let cursor: Process | null = null;
let cursorLine: u32 = 0;
let cursorVersion: u32 = 0;

/** Fills the record of operations and returns it. */
export function processListOperations(): FileOperations {
  operations.read = readProcesses.index;
  operations.write = refuseDeviceWrite.index;
  operations.ioctl = refuseIoctl.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.seekable = true;
  return operations;
}

function readProcesses(_file: OpenFile, to: UserPointer, size: u32, position: u64): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const at = position + done;
    const process = processAt(<u32>min<u64>(at / LINE, u32.MAX_VALUE));
    if (process === null) break;
    fillLine(process);
    const start = <u32>(at % LINE);
    const count = sendBytes(to.plus(done), line + start, min<u32>(LINE - start, wanted - done));
    if (count <= 0) return done !== 0 ? <i32>done : count;
    done += count;
  }
  return <i32>done;
}

/** The process that line `index` is about, or null; the oldest comes first. */
function processAt(index: u32): Process | null {
  if (cursor === null || cursorVersion !== listVersion || index < cursorLine) {
    cursor = firstProcess();
    cursorLine = 0;
    cursorVersion = listVersion;
  }
  for (; cursor !== null && cursorLine < index; cursorLine++) cursor = cursor!.next;
  return cursor;
}

function fillLine(process: Process): void {
  memory.fill(line, SPACE, LINE);
  const parent = process.parent;
  const space = process.space;
  putNumber(5, process.pid);
  putNumber(11, parent === null ? 0 : parent.pid);
  putNumber(17, process.group);
  store<u8>(line + 18, stateLetter(process));
  putNumber(28, space === null ? 0 : space.residentPages * KIB_PER_PAGE);
  for (let i: u32 = 0; load<u8>(process.name + i) !== 0; i++) {
    store<u8>(line + 30 + i, load<u8>(process.name + i));
  }
  store<u8>(line + LINE - 1, NEWLINE);
}

function stateLetter(process: Process): u8 {
  if (process.isZombie) return 0x5a;
  return isRunnable(process) ? 0x52 : 0x53;
}

/** Writes a decimal number whose last digit goes to `column` - 1. */
function putNumber(column: u32, value: u32): void {
  let at = line + column;
  let rest = value;
  do {
    store<u8>(--at, 0x30 + (rest % 10));
    rest /= 10;
  } while (rest !== 0);
}
