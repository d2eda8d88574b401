// /dev/console as programs see it: read, write, and the ioctls of a terminal.

import { EAGAIN, EFAULT, ENOTTY } from "../../src/abi/errno";
import { O_NONBLOCK } from "../../src/abi/files";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import {
  FIONREAD,
  TCGETS,
  TCSETS,
  TCSETSF,
  TCSETSW,
  TERMIOS_SIZE,
  TIOCGPGRP,
  TIOCGWINSZ,
  TIOCSPGRP,
  WINSIZE_COLUMNS,
  WINSIZE_ROWS,
  WINSIZE_SIZE,
} from "../../src/abi/termios";
import { COLUMNS, ROWS } from "../device/screen";
import { receiveSerial } from "../device/serial";
import { File, FileOperations } from "../file/open-file";
import { bounce, fetchPortion, transferSize } from "../file/transfer";
import { refuseList } from "../filesystem/initramfs/files";
import {
  copyIn,
  copyOut,
  readWord,
  UserPointer,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { current } from "../process/process";
import { foregroundGroup, setForegroundGroup } from "../process/signal";
import { sleepOn, takeBreath, wakeAll } from "../thread/schedule";
import { discipline, finishOutput, readers, writeByte } from "./console";

const operations: FileOperations = changetype<FileOperations>(memory.data(20, 4));
const scratch: usize = memory.data(40, 4);

/** Fills the record of operations; before any file is opened. */
export function startConsoleFile(): void {
  operations.read = readConsole.index;
  operations.write = writeConsole.index;
  operations.control = controlConsole.index;
  operations.list = refuseList.index;
}

export function consoleOperations(): FileOperations {
  return operations;
}

/** Waits for input, and gives at most a page of it at once: a terminal's reads are short anyway. */
function readConsole(file: File, to: UserPointer, size: u32): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  while (!hasInput()) {
    if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN;
    const result = sleepOn(readers);
    if (result !== 0) return result;
  }
  const count = discipline.read(bounce, min<u32>(<u32>wanted, PAGE_SIZE));
  receiveSerial();
  const result = copyOut(current.space!, to, bounce, count);
  return result !== 0 ? result : <i32>count;
}

/**
 * What was flushed made room that no interrupt tells of: the serial line's came when there was
 * none. So before a read waits for input, it takes what waits in the UART.
 */
function hasInput(): bool {
  if (!discipline.isReadable()) receiveSerial();
  return discipline.isReadable();
}

function writeConsole(_file: File, from: UserPointer, size: u32): i32 {
  const wanted = transferSize(from, size);
  if (wanted <= 0) return wanted;
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const part = fetchPortion(from, done, <u32>wanted);
    if (part < 0) return done !== 0 ? <i32>done : part;
    for (let i: u32 = 0; i < <u32>part; i++) writeByte(load<u8>(bounce + i));
    finishOutput();
    done += <u32>part;
    // A long output must not keep the others from running, nor ^C from stopping it.
    if (done < <u32>wanted) takeBreath();
    if (current.pendingSignal !== 0) break;
  }
  return <i32>done;
}

function controlConsole(_file: File, command: u32, argument: u32): i32 {
  const space = current.space!;
  const pointer = userPointer(argument);
  switch (command) {
    case TCGETS:
      return copyOut(space, pointer, changetype<usize>(discipline), TERMIOS_SIZE);
    case TCSETS:
    case TCSETSW: // output is never pending
      return setTermios(pointer);
    case TCSETSF: {
      const result = setTermios(pointer);
      if (result === 0) discipline.discardInput();
      return result;
    }
    case TIOCGWINSZ:
      return getWindowSize(pointer);
    case TIOCGPGRP:
      return writeWord(space, pointer, foregroundGroup);
    case TIOCSPGRP:
      if (readWord(space, pointer, scratch) !== 0) return -EFAULT;
      setForegroundGroup(load<u32>(scratch));
      return 0;
    case FIONREAD:
      return writeWord(space, pointer, discipline.readableBytes());
    default:
      return -ENOTTY;
  }
}

/** In raw mode what was typed so far can be read at once: by those too who wait for a line. */
function setTermios(pointer: UserPointer): i32 {
  const result = copyIn(current.space!, pointer, scratch, TERMIOS_SIZE);
  if (result !== 0) return result;
  discipline.setTermios(scratch);
  if (discipline.isReadable()) wakeAll(readers);
  return 0;
}

function getWindowSize(pointer: UserPointer): i32 {
  memory.fill(scratch, 0, WINSIZE_SIZE);
  store<u16>(scratch, ROWS, WINSIZE_ROWS);
  store<u16>(scratch, COLUMNS, WINSIZE_COLUMNS);
  return copyOut(current.space!, pointer, scratch, WINSIZE_SIZE);
}
