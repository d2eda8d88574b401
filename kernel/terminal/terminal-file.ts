// A terminal as programs see it, /dev/console for one: read, write, and the ioctls of a terminal.
//
// The inode's `data` is the terminal's record.

import { EAGAIN, EFAULT, ENOTTY } from "../../src/abi/errno";
import { O_NONBLOCK } from "../../src/abi/files";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../../src/abi/poll";
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
import { preemptHolding, sleepHolding } from "../file/held-file";
import { FileOperations } from "../file/inode";
import { OpenFile } from "../file/open-file";
import { refuseReadDirectory } from "../file/refusals";
import { bounce, fetchPortion, transferSize } from "../file/transfer";
import {
  copyIn,
  copyOut,
  readWord,
  UserPointer,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { pollWait } from "../thread/poll-table";
import { currentThread } from "../thread/thread";
import { Terminal } from "./terminal";

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const scratch: usize = memory.data(TERMIOS_SIZE, 4);

/** Fills the record of operations and returns it. */
export function terminalOperations(): FileOperations {
  operations.read = readTerminal.index;
  operations.write = writeTerminal.index;
  operations.ioctl = controlTerminal.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.poll = pollTerminal.index;
  return operations;
}

function terminalOf(file: OpenFile): Terminal {
  return changetype<Terminal>(file.inode.data);
}

/** Waits for input, and gives at most a page of it at once: a terminal's reads are short anyway. */
function readTerminal(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  const terminal = terminalOf(file);
  const mayWait = (file.flags & O_NONBLOCK) === 0;
  // A read that may not wait takes what there is, whatever VMIN says.
  const enough: u32 = mayWait ? wanted : 1;
  while (!hasInput(terminal, enough)) {
    if (!mayWait) return -EAGAIN;
    const result = sleepHolding(file, terminal.readers);
    if (result !== 0) return result;
  }
  const count = terminal.read(bounce, min<u32>(<u32>wanted, PAGE_SIZE));
  terminal.takeWaitingInput();
  const result = copyOut(to, bounce, count);
  return result !== 0 ? result : <i32>count;
}

/** Output never waits. */
function pollTerminal(file: OpenFile): u32 {
  const terminal = terminalOf(file);
  pollWait(terminal.readers);
  const output = POLLOUT | POLLWRNORM;
  return hasInput(terminal, 1) ? output | POLLIN | POLLRDNORM : output;
}

/**
 * Whether a read of `size` bytes has its input, once what waits in the device has been taken: a
 * flush makes room that no interrupt tells of, as the device's interrupt came when there was none.
 */
function hasInput(terminal: Terminal, size: u32): bool {
  if (!terminal.isReadable(size)) terminal.takeWaitingInput();
  return terminal.isReadable(size);
}

function writeTerminal(file: OpenFile, from: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(from, size);
  if (wanted <= 0) return wanted;
  const terminal = terminalOf(file);
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const part = fetchPortion(from, done, <u32>wanted);
    if (part < 0) return done !== 0 ? <i32>done : part;
    for (let i: u32 = 0; i < <u32>part; i++) terminal.writeByte(load<u8>(bounce + i));
    terminal.finishOutput();
    done += <u32>part;
    // A long output must not keep the others from running, nor ^C from stopping it.
    if (done < <u32>wanted) preemptHolding(file);
    if (currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

function controlTerminal(file: OpenFile, command: u32, argument: u32): i32 {
  const terminal = terminalOf(file);
  const pointer = userPointer(argument);
  switch (command) {
    case TCGETS:
      return copyOut(pointer, changetype<usize>(terminal), TERMIOS_SIZE);
    case TCSETS:
    case TCSETSW: // output is never pending
      return setTermios(terminal, pointer, false);
    case TCSETSF:
      return setTermios(terminal, pointer, true);
    case TIOCGWINSZ:
      return getWindowSize(terminal, pointer);
    case TIOCGPGRP:
      return writeWord(pointer, terminal.foregroundGroup);
    case TIOCSPGRP:
      if (readWord(pointer, scratch) !== 0) return -EFAULT;
      terminal.foregroundGroup = load<u32>(scratch);
      return 0;
    case FIONREAD:
      return writeWord(pointer, terminal.readableBytes());
    default:
      return -ENOTTY;
  }
}

function setTermios(terminal: Terminal, pointer: UserPointer, dropsInput: bool): i32 {
  if (copyIn(pointer, scratch, TERMIOS_SIZE) !== 0) return -EFAULT;
  if (dropsInput) terminal.discardInput();
  terminal.changeTermios(scratch);
  return 0;
}

function getWindowSize(terminal: Terminal, pointer: UserPointer): i32 {
  memory.fill(scratch, 0, WINSIZE_SIZE);
  store<u16>(scratch, terminal.rows, WINSIZE_ROWS);
  store<u16>(scratch, terminal.columns, WINSIZE_COLUMNS);
  return copyOut(pointer, scratch, WINSIZE_SIZE);
}
