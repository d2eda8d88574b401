// /dev/ptmx: each open makes a pseudo-terminal, and is its master. See ptmx(4).

import {
  EAGAIN,
  EFAULT,
  EINVAL,
  EIO,
  ENOMEM,
  ENOSPC,
  ENOTTY,
  isErrno,
} from "../../../src/abi/errno";
import { FD_CLOEXEC, O_ACCMODE, O_CLOEXEC, O_NOCTTY, O_NONBLOCK } from "../../../src/abi/files";
import { PAGE_SIZE } from "../../../src/abi/memory-map";
import { POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDNORM, POLLWRNORM } from "../../../src/abi/poll";
import { SIGNAL_MAX } from "../../../src/abi/signals";
import {
  FIONREAD,
  TCFLSH,
  TCIOFLUSH,
  TCOFLUSH,
  TIOCGPGRP,
  TIOCGPKT,
  TIOCGPTLCK,
  TIOCGPTN,
  TIOCGPTPEER,
  TIOCGSID,
  TIOCOUTQ,
  TIOCPKT,
  TIOCPKT_DATA,
  TIOCSCTTY,
  TIOCSIG,
  TIOCSPGRP,
  TIOCSPTLCK,
} from "../../../src/abi/termios";
import { preemptHolding, sleepHolding } from "../../file/held-file";
import { FileOperations } from "../../file/inode";
import { OpenFile, openFile } from "../../file/open-file";
import { refuseReadDirectory } from "../../file/refusals";
import { bounce, fetchPortion, transferSize } from "../../file/transfer";
import { copyOut, readWord, UserPointer, userPointer, writeWord } from "../../memory/user-memory";
import { hangUpTerminal } from "../../process/session";
import { currentFiles } from "../../process/thread-files";
import { createPty, freeIndex, MOST_PTYS, Pty } from "../../terminal/pty";
import { pollWait } from "../../thread/poll-table";
import { currentThread } from "../../thread/thread";
import { controlLine, controlTerminal } from "../dev/terminal-control";
import { nameSlave, removeSlave } from "./devpts";
import { slaveOperations } from "./slave-file";

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const word: usize = memory.data(4, 4);

/** Fills the record of operations and returns it. */
export function masterOperations(): FileOperations {
  operations.open = openMaster.index;
  operations.release = closeMaster.index;
  operations.read = readMaster.index;
  operations.write = writeMaster.index;
  operations.ioctl = controlMaster.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.poll = pollMaster.index;
  operations.queues = queuesOfMaster.index;
  return operations;
}

function masterOf(file: OpenFile): Pty {
  return changetype<Pty>(file.data);
}

function openMaster(file: OpenFile): i32 {
  const index = freeIndex();
  if (index === MOST_PTYS) return -ENOSPC;
  const pty = createPty(index);
  if (pty === null) return -ENOMEM;
  if (!nameSlave(pty, slaveOperations())) {
    pty.destroy();
    return -ENOMEM;
  }
  file.data = changetype<usize>(pty);
  return 0;
}

function closeMaster(file: OpenFile): void {
  const pty = masterOf(file);
  pty.hasMaster = false;
  removeSlave(pty);
  hangUpTerminal(pty.slave);
  if (pty.slave.opens === 0) pty.destroy();
}

function readMaster(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  const pty = masterOf(file);
  while (pty.count === 0 && pty.status === 0) {
    if (pty.isSlaveClosed) return -EIO;
    const result = waitFor(file, true);
    if (result !== 0) return result;
  }
  const count = takePacket(pty, min<u32>(<u32>wanted, PAGE_SIZE));
  pty.slave.goOn();
  const result = copyOut(to, bounce, count);
  return result !== 0 ? result : <i32>count;
}

/** Fills the bounce page with what a read gets: how many bytes. */
function takePacket(pty: Pty, size: u32): u32 {
  if (!pty.isPacket) return pty.take(bounce, size);
  store<u8>(bounce, pty.status);
  if (pty.status === TIOCPKT_DATA) return 1 + pty.take(bounce + 1, size - 1);
  pty.status = 0;
  return 1;
}

/** 0 after a wait for output, or else for room; -EAGAIN or -ERESTARTSYS. */
function waitFor(file: OpenFile, output: bool): i32 {
  if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN;
  const pty = masterOf(file);
  return sleepHolding(file, output ? pty.readers : pty.writers);
}

function writeMaster(file: OpenFile, from: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(from, size);
  if (wanted <= 0) return wanted;
  const slave = masterOf(file).slave;
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const part = slave.hasRoom() ? fetchPortion(from, done, <u32>wanted) : 0;
    if (part < 0) return done !== 0 ? <i32>done : part;
    let typed: u32 = 0;
    while (typed < <u32>part && slave.hasRoom()) slave.receiveByte(load<u8>(bounce + typed++));
    done += typed;
    if (typed === 0) {
      const result = waitFor(file, false);
      if (result !== 0) return done !== 0 ? <i32>done : result;
    }
    if (done < <u32>wanted) preemptHolding(file);
    if (done !== 0 && currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

function queuesOfMaster(file: OpenFile): void {
  const pty = masterOf(file);
  pollWait(pty.readers);
  pollWait(pty.writers);
}

function pollMaster(file: OpenFile): u32 {
  const pty = masterOf(file);
  let ready: u32 = pty.slave.hasRoom() ? POLLOUT | POLLWRNORM : 0;
  if (pty.count !== 0) ready |= POLLIN | POLLRDNORM;
  if (pty.status !== 0) ready |= POLLIN | POLLRDNORM | POLLPRI;
  return pty.isSlaveClosed ? ready | POLLHUP : ready;
}

function controlMaster(file: OpenFile, command: u32, argument: u32): i32 {
  const pty = masterOf(file);
  const pointer = userPointer(argument);
  switch (command) {
    case TIOCGPTN:
      return writeWord(pointer, pty.index);
    case TIOCSPTLCK:
      if (readWord(pointer, word) !== 0) return -EFAULT;
      pty.isLocked = load<u32>(word) !== 0;
      return 0;
    case TIOCGPTLCK:
      return writeWord(pointer, pty.isLocked ? 1 : 0);
    case TIOCGPTPEER:
      return openPeer(pty, argument);
    case TIOCPKT:
      return setPacketMode(pty, pointer);
    case TIOCGPKT:
      return writeWord(pointer, pty.isPacket ? 1 : 0);
    case TIOCSIG:
      if (argument - 1 >= SIGNAL_MAX) return -EINVAL;
      pty.slave.signalForeground(argument);
      return 0;
    case TIOCGPGRP:
      return writeWord(pointer, pty.slave.foregroundGroup);
    case TIOCGSID:
      return pty.slave.session === 0 ? -ENOTTY : writeWord(pointer, pty.slave.session);
    case TIOCSPGRP:
    case TIOCSCTTY:
      return controlTerminal(pty.slave, file.mayRead, command, argument);
    case FIONREAD:
      return writeWord(pointer, pty.count);
    case TIOCOUTQ: // what is written has arrived
      return writeWord(pointer, 0);
    case TCFLSH:
      return dropOutput(pty, argument);
    default:
      return controlLine(pty.slave, command, argument);
  }
}

/** Opens the slave, whatever its name leads to: a descriptor, or -errno. */
function openPeer(pty: Pty, flags: u32): i32 {
  const files = currentFiles();
  const number = files.reserve();
  if (number < 0) return number;
  const entry = pty.entry;
  const kept = flags & (O_ACCMODE | O_NONBLOCK | O_NOCTTY);
  const opened = openFile(entry, entry.inode, kept);
  if (!isErrno(<u32>opened)) changetype<OpenFile>(opened).flags &= ~O_NOCTTY;
  return files.settle(number, opened, (flags & O_CLOEXEC) !== 0 ? FD_CLOEXEC : 0);
}

function setPacketMode(pty: Pty, pointer: UserPointer): i32 {
  if (readWord(pointer, word) !== 0) return -EFAULT;
  pty.isPacket = load<u32>(word) !== 0;
  pty.status = 0;
  return 0;
}

/** The slave's output is the master's input. */
function dropOutput(pty: Pty, what: u32): i32 {
  if (what > TCIOFLUSH) return -EINVAL;
  if (what === TCOFLUSH) return 0;
  pty.dropOutput();
  pty.slave.goOn();
  return 0;
}
