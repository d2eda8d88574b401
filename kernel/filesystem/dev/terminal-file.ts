// A terminal as programs see it: /dev/console, /dev/tty and the slaves of devpts. What ioctl does
// is in terminal-control.ts.
//
//   inode.data   the terminal's record; /dev/tty has none, and stands for the caller's own
//   file.data    the same, from open on

import { EAGAIN, EBUSY, EIO, ENXIO } from "../../../src/abi/errno";
import { O_NOCTTY, O_NONBLOCK } from "../../../src/abi/files";
import { PAGE_SIZE } from "../../../src/abi/memory-map";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../../../src/abi/poll";
import { ICANON, TOSTOP, VMIN, VTIME } from "../../../src/abi/termios";
import { holdFile, preemptHolding, sleepHolding } from "../../file/held-file";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseReadDirectory } from "../../file/refusals";
import { bounce, fetchPortion, transferSize } from "../../file/transfer";
import { copyOut, UserPointer } from "../../memory/user-memory";
import { changeRefusal, readRefusal } from "../../process/job-control";
import { currentProcess } from "../../process/process";
import {
  controllingTerminal,
  freeTerminal,
  isSessionLeader,
  takeTerminal,
} from "../../process/session";
import { Terminal } from "../../terminal/terminal";
import { hasPassed, tenthsFromNow, waitUntil } from "../../terminal/timed-wait";
import { currentCredentials } from "../../thread/credentials";
import { pollWait } from "../../thread/poll-table";
import { currentThread } from "../../thread/thread";
import { NEVER } from "../../thread/timer";
import { controlTerminal } from "./terminal-control";

const INPUT: u32 = POLLIN | POLLRDNORM;
const OUTPUT: u32 = POLLOUT | POLLWRNORM;

const consoles = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const terminals = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const own = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of /dev/console's operations and returns it: it controls what it is told to. */
export function consoleOperations(): FileOperations {
  return fillTerminalOperations(consoles, openConsole.index, closeTerminal.index);
}

/** Fills the record of the operations of a terminal that its first opener may take. */
export function terminalOperations(): FileOperations {
  return fillTerminalOperations(terminals, openTerminal.index, closeTerminal.index);
}

/** Fills the record of /dev/tty's operations and returns it. */
export function ownTerminalOperations(): FileOperations {
  return fillTerminalOperations(own, openOwnTerminal.index, closeTerminal.index);
}

/** Fills a record with what all terminals do, and with what happens at the first and last. */
export function fillTerminalOperations(
  operations: FileOperations,
  open: u32,
  release: u32,
): FileOperations {
  operations.open = open;
  operations.release = release;
  operations.read = readTerminal.index;
  operations.write = writeTerminal.index;
  operations.ioctl = controlFile.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.poll = pollTerminal.index;
  operations.queues = queuesOfTerminal.index;
  return operations;
}

export function terminalOf(file: OpenFile): Terminal {
  return changetype<Terminal>(file.data);
}

/** Opens the terminal for `file`: 0, -EIO or -EBUSY. */
export function openFor(file: OpenFile, terminal: Terminal): i32 {
  if (terminal.isHungUp) return -EIO;
  if (terminal.isExclusive && currentCredentials().user !== 0) return -EBUSY;
  terminal.opens++;
  file.data = changetype<usize>(terminal);
  return 0;
}

/** A session's leader without a terminal takes the first that it opens, if none has it. */
export function takeOpened(file: OpenFile): void {
  const terminal = terminalOf(file);
  if ((file.flags & O_NOCTTY) !== 0 || !file.mayRead || terminal.session !== 0) return;
  const process = currentProcess();
  if (!isSessionLeader(process) || controllingTerminal(process) !== null) return;
  takeTerminal(process, terminal);
}

/** Closes `file`: with its last open file a terminal loses its session. */
export function closeTerminal(file: OpenFile): void {
  const terminal = terminalOf(file);
  terminal.opens--;
  if (terminal.opens !== 0) return;
  freeTerminal(terminal);
  terminal.close();
}

function openConsole(file: OpenFile): i32 {
  return openFor(file, changetype<Terminal>(file.inode.data));
}

function openTerminal(file: OpenFile): i32 {
  const result = openFor(file, changetype<Terminal>(file.inode.data));
  if (result === 0) takeOpened(file);
  return result;
}

function openOwnTerminal(file: OpenFile): i32 {
  const terminal = controllingTerminal(currentProcess());
  return terminal === null ? -ENXIO : openFor(file, terminal);
}

/** Waits for input, and gives at most a page of it at once: a terminal's reads are short anyway. */
function readTerminal(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  const terminal = terminalOf(file);
  if (terminal.isHungUp) return 0;
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  let result = readRefusal(terminal);
  if (result === 0) {
    const mayWait = (file.flags & O_NONBLOCK) === 0;
    const isRaw = !terminal.hasLocalFlag(ICANON);
    result = isRaw ? waitForBytes(file, wanted, mayWait) : waitForLine(file, mayWait);
  }
  if (result !== 0) return result;
  const count = terminal.read(bounce, min<u32>(<u32>wanted, PAGE_SIZE));
  terminal.takeWaitingInput();
  result = copyOut(to, bounce, count);
  return result !== 0 ? result : <i32>count;
}

function waitForLine(file: OpenFile, mayWait: bool): i32 {
  const terminal = terminalOf(file);
  while (!hasInput(terminal, 1) && !terminal.isHungUp) {
    if (!mayWait) return -EAGAIN;
    const result = sleepHolding(file, terminal.readers);
    if (result !== 0) return result;
  }
  return 0;
}

/**
 * Waits as VMIN and VTIME say: for the first byte as long as it takes, and then at most VTIME for
 * each that follows; with VMIN 0 at most VTIME in all.
 */
function waitForBytes(file: OpenFile, size: u32, mayWait: bool): i32 {
  const terminal = terminalOf(file);
  const start = tenthsFromNow(terminal.special(VTIME));
  let deadline = NEVER;
  let seen: u32 = 0;
  while (true) {
    const least = terminal.special(VMIN);
    const time = terminal.special(VTIME);
    // A read that may not wait takes what there is, whatever VMIN says.
    const enough: u32 = mayWait && least !== 0 ? terminal.wantedBytes(size) : 1;
    if (hasInput(terminal, enough) || terminal.isHungUp) return 0;
    if (least === 0 && time === 0) return 0;
    const there = terminal.available;
    if (!mayWait) return there !== 0 ? 0 : -EAGAIN;
    if (least === 0) deadline = start;
    else if (time !== 0 && there !== seen) deadline = tenthsFromNow(time);
    seen = there;
    if (deadline !== NEVER && hasPassed(deadline)) return 0;
    holdFile(file);
    const result = waitUntil(terminal.readers, deadline);
    // What came before a signal did is a short read.
    if (result !== 0) return terminal.available !== 0 ? 0 : result;
  }
}

function queuesOfTerminal(file: OpenFile): void {
  const terminal = terminalOf(file);
  pollWait(terminal.readers);
  pollWait(terminal.writers);
}

function pollTerminal(file: OpenFile): u32 {
  const terminal = terminalOf(file);
  if (terminal.isHungUp) return INPUT | OUTPUT | POLLERR | POLLHUP;
  if (!terminal.isPolledReadable()) terminal.takeWaitingInput();
  const output = terminal.writableBytes() !== 0 ? OUTPUT : 0;
  return terminal.isPolledReadable() ? output | INPUT : output;
}

/**
 * Whether there are `count` bytes, once what waits in the device has been taken: a flush makes room
 * that no interrupt tells of, as the device's interrupt came when there was none.
 */
function hasInput(terminal: Terminal, count: u32): bool {
  if (terminal.available < count) terminal.takeWaitingInput();
  return terminal.available >= count;
}

function writeTerminal(file: OpenFile, from: UserPointer, size: u32, _at: u64): i32 {
  const terminal = terminalOf(file);
  if (terminal.isHungUp) return -EIO;
  const wanted = transferSize(from, size);
  if (wanted <= 0) return wanted;
  const refusal = terminal.hasLocalFlag(TOSTOP) ? changeRefusal(terminal) : 0;
  if (refusal !== 0) return refusal;
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const part = terminal.writableBytes() === 0 ? 0 : fetchPortion(from, done, <u32>wanted);
    if (part < 0) return done !== 0 ? <i32>done : part;
    const shown = writePart(terminal, <u32>part);
    done += shown;
    if (shown === 0) {
      const result = waitForRoom(file, terminal);
      if (result !== 0) return done !== 0 ? <i32>done : result;
    }
    // A long output must not keep the others from running, nor ^C from stopping it.
    if (done < <u32>wanted) preemptHolding(file);
    if (done !== 0 && currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

/** Shows what there is room for of `size` bytes in the bounce page; how many. */
function writePart(terminal: Terminal, size: u32): u32 {
  let shown: u32 = 0;
  for (let room = terminal.writableBytes(); shown < size && room !== 0; ) {
    const part = min<u32>(room, size - shown);
    terminal.putBytes(bounce + shown, part);
    shown += part;
    room = terminal.writableBytes();
  }
  terminal.finishOutput();
  return shown;
}

function waitForRoom(file: OpenFile, terminal: Terminal): i32 {
  if (terminal.isHungUp) return -EIO;
  return (file.flags & O_NONBLOCK) !== 0 ? -EAGAIN : sleepHolding(file, terminal.writers);
}

function controlFile(file: OpenFile, command: u32, argument: u32): i32 {
  return controlTerminal(terminalOf(file), file.mayRead, command, argument);
}
