// What open files of pipes and FIFOs do. See pipe(7), fifo(7).
//
//   - A read waits until there are bytes, and is at the end when no writer is left.
//   - A write waits for room; PIPE_BUF bytes or fewer go in as a whole. Without a reader it gives
//     EPIPE, and the writer gets SIGPIPE.
//   - Opening a FIFO waits for the other end, unless it is opened for both or with O_NONBLOCK.

import { EAGAIN, EBUSY, EINVAL, ENOMEM, ENOTTY, ENXIO, EPERM, EPIPE } from "../../../src/abi/errno";
import { O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFIFO } from "../../../src/abi/files";
import { PAGE_SIZE } from "../../../src/abi/memory-map";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../../../src/abi/poll";
import { SIGPIPE } from "../../../src/abi/signals";
import { FIONREAD } from "../../../src/abi/termios";
import { FileSystem } from "../../file/file-system";
import { holdFile, preemptHolding, sleepHolding } from "../../file/held-file";
import { createInode, FileOperations, Inode } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { refuseReadDirectory } from "../../file/refusals";
import { registerSpecialFile } from "../../file/special-files";
import { transferSize } from "../../file/transfer";
import { copyIn, copyOut, UserPointer, userPointer, writeWord } from "../../memory/user-memory";
import { signalThread } from "../../process/signal";
import { pollWait } from "../../thread/poll-table";
import { sleepOn, wakeAll } from "../../thread/schedule";
import { WaitQueue } from "../../thread/wait-queue";
import { createPipe, PIPE_SIZE, Pipe } from "./pipe";

export const PIPEFS_MAGIC: u32 = 0x50495045;
/** Writes of that many bytes are not mixed with others. */
const PIPE_BUF: u32 = 4096;
/** More than this makes no sense; less may be too much. */
const LARGEST_WISH: u32 = 1 << 31;

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
/** What unnamed pipes belong to. It is mounted nowhere. */
const pipes = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));

/** Fills the record of operations, and says what FIFOs do; before any file is made. */
export function startPipes(): void {
  operations.open = openPipe.index;
  operations.release = closePipe.index;
  operations.read = readPipe.index;
  operations.write = writePipe.index;
  operations.ioctl = controlPipe.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.poll = pollPipe.index;
  operations.queues = queuesOfPipe.index;
  registerSpecialFile(S_IFIFO, 0, operations, 0);
  pipes.magic = PIPEFS_MAGIC;
  pipes.name = cstr("pipefs");
}

/**
 * The inode of a new unnamed pipe, with one reference; null when out of memory. The pipe itself
 * comes with the first end that is opened, so what cannot be opened has none to lose.
 */
export function createPipeInode(): Inode | null {
  const inode = createInode(pipes, S_IFIFO | 0o600);
  if (inode !== null) inode.operations = operations;
  return inode;
}

/** As long as the file is open, and with it this end of the pipe. */
function pipeOf(file: OpenFile): Pipe {
  return changetype<Pipe>(file.data);
}

/** Whether a FIFO has a name: an unnamed pipe is opened at both ends at once. */
function isNamed(inode: Inode): bool {
  return inode.fileSystem !== pipes;
}

function openPipe(file: OpenFile): i32 {
  const inode = file.inode;
  if (inode.data === 0) {
    inode.data = changetype<usize>(createPipe());
    if (inode.data === 0) return -ENOMEM;
  }
  const pipe = changetype<Pipe>(inode.data);
  file.data = inode.data;
  addEnds(file, pipe);
  if (!isNamed(inode)) return 0;
  const result = waitForOtherEnd(file, pipe);
  if (result !== 0) removeEnds(file, pipe);
  return result;
}

function addEnds(file: OpenFile, pipe: Pipe): void {
  if (file.mayRead) {
    pipe.readers++;
    pipe.readerOpens++;
    wakeAll(pipe.writable);
  }
  if (file.mayWrite) {
    pipe.writers++;
    pipe.writerOpens++;
    wakeAll(pipe.readable);
  }
}

/** 0, -ENXIO for a writer that may not wait for a reader, or -EINTR. */
function waitForOtherEnd(file: OpenFile, pipe: Pipe): i32 {
  if (file.mayRead && file.mayWrite) return 0;
  const mayWait = (file.flags & O_NONBLOCK) === 0;
  if ((file.flags & O_ACCMODE) === O_WRONLY) {
    if (!mayWait) return pipe.readers === 0 ? -ENXIO : 0;
    const seen = pipe.readerOpens;
    while (pipe.readers === 0 && pipe.readerOpens === seen) {
      const result = sleepOn(pipe.writable);
      if (result !== 0) return result;
    }
    return 0;
  }
  const seen = pipe.writerOpens;
  while (mayWait && pipe.writers === 0 && pipe.writerOpens === seen) {
    const result = sleepOn(pipe.readable);
    if (result !== 0) return result;
  }
  return 0;
}

function closePipe(file: OpenFile): void {
  removeEnds(file, pipeOf(file));
}

function removeEnds(file: OpenFile, pipe: Pipe): void {
  if (file.mayRead) {
    pipe.readers--;
    wakeAll(pipe.writable);
  }
  if (file.mayWrite) {
    pipe.writers--;
    wakeAll(pipe.readable);
  }
  if (pipe.readers + pipe.writers !== 0) return;
  // Another thread may poll what this one closes.
  wakeAll(pipe.readable);
  wakeAll(pipe.writable);
  pipe.destroy();
  file.inode.data = 0;
}

function readPipe(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  const pipe = pipeOf(file);
  if (!pipe.isReady) {
    const ready = awaitPipe(file, 0, false);
    if (ready <= 0) return ready;
  }
  let done: u32 = 0;
  while (done < <u32>wanted && pipe.count !== 0) {
    const part = min<u32>(<u32>wanted - done, pipe.readableThere);
    const result = copyOut(to.plus(done), pipe.readAddress, part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    pipe.take(part);
    done += part;
  }
  wakeAll(pipe.writable);
  return <i32>done;
}

function writePipe(file: OpenFile, from: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(from, size);
  if (wanted <= 0) return wanted;
  const pipe = pipeOf(file);
  const total = <u32>wanted;
  // What must go in as a whole waits for all of its room, a longer one for any.
  const needed = total <= PIPE_BUF ? total : 1;
  let done: u32 = 0;
  while (done < total) {
    if (pipe.readers === 0 || pipe.room < needed) {
      const result = awaitPipe(file, needed, false);
      if (result < 0) return done !== 0 ? <i32>done : result;
    }
    const count = writePart(pipe, from.plus(done), total - done);
    if (count < 0) return done !== 0 ? <i32>done : count;
    done += <u32>count;
    wakeAll(pipe.readable);
    if (done < total) preemptHolding(file);
  }
  return <i32>done;
}

/** As much as fits in: how many bytes, or -errno. */
function writePart(pipe: Pipe, from: UserPointer, size: u32): i32 {
  let done: u32 = 0;
  while (done < size && pipe.room !== 0) {
    const to = pipe.writeAddress();
    const part = min<u32>(size - done, pipe.writableThere);
    const result = to === 0 ? -ENOMEM : copyIn(from.plus(done), to, part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    pipe.put(part);
    done += part;
  }
  return <i32>done;
}

/**
 * Copies bytes from one pipe to another, and takes them out of the first if `takes`: how many, or
 * -errno. Waits for bytes and for room, unless `isNow`; then for nothing.
 */
export function passOn(from: OpenFile, to: OpenFile, size: u32, isNow: bool, takes: bool): i32 {
  const source = pipeOf(from);
  const target = pipeOf(to);
  // While it waits for one of them, another thread may close the other.
  holdFile(from);
  holdFile(to);
  for (;;) {
    const bytes = awaitPipe(from, 0, isNow);
    if (bytes <= 0) return bytes;
    const room = awaitPipe(to, 1, isNow);
    if (room <= 0) return room;
    if (source.isReady) break;
  }
  const most = min<u32>(size, min<u32>(source.count, target.room));
  let done: u32 = 0;
  while (done < most) {
    const address = target.writeAddress();
    if (address === 0) break;
    const there = min<u32>(source.peekableThere(done), target.writableThere);
    const part = min<u32>(most - done, there);
    memory.copy(address, source.peekAddress(done), part);
    target.put(part);
    done += part;
  }
  if (done === 0) return -ENOMEM;
  if (takes) takeAll(source, done);
  wakeAll(target.readable);
  return <i32>done;
}

/** `size` bytes at the beginning were read, in whatever pieces. */
function takeAll(pipe: Pipe, size: u32): void {
  while (size !== 0) {
    const part = min<u32>(size, pipe.readableThere);
    pipe.take(part);
    size -= part;
  }
  wakeAll(pipe.writable);
}

/**
 * Copies up to `size` bytes to kernel address `to`: how many, 0 at the end, or -errno. They stay in
 * the pipe, and nobody else takes any, until endDraining() says how many are needed no more.
 */
export function beginDraining(file: OpenFile, to: usize, size: u32, isNow: bool): i32 {
  const result = awaitPipe(file, 0, isNow);
  if (result <= 0) return result;
  const pipe = pipeOf(file);
  pipe.isDrained = true;
  const most = min<u32>(size, pipe.count);
  let done: u32 = 0;
  while (done < most) {
    const part = min<u32>(most - done, pipe.peekableThere(done));
    memory.copy(to + done, pipe.peekAddress(done), part);
    done += part;
  }
  return <i32>done;
}

export function endDraining(file: OpenFile, taken: u32): void {
  const pipe = pipeOf(file);
  pipe.isDrained = false;
  takeAll(pipe, taken);
  wakeAll(pipe.readable);
}

/**
 * How many bytes there is room for, on one page, or -errno. Nobody else writes any, until
 * endFilling() puts some there.
 */
export function beginFilling(file: OpenFile, isNow: bool): i32 {
  const result = awaitPipe(file, 1, isNow);
  if (result <= 0) return result;
  const pipe = pipeOf(file);
  if (pipe.writeAddress() === 0) return -ENOMEM;
  const room = pipe.writableThere;
  pipe.isFilled = true;
  return <i32>room;
}

export function endFilling(file: OpenFile, from: usize, size: u32): void {
  const pipe = pipeOf(file);
  pipe.isFilled = false;
  memory.copy(pipe.writeAddress(), from, size);
  pipe.put(size);
  wakeAll(pipe.readable);
  wakeAll(pipe.writable);
}

function breakPipe(): i32 {
  signalThread(SIGPIPE);
  return -EPIPE;
}

/**
 * Waits until the running thread may read bytes (`needed` 0), or write `needed` of them. 1: it may;
 * 0: no more bytes will come; -errno: nobody reads, or it waits no longer, if `isNow` not at all.
 */
function awaitPipe(file: OpenFile, needed: u32, isNow: bool): i32 {
  const pipe = pipeOf(file);
  const writes = needed !== 0;
  let result: i32 = 0;
  do {
    if (writes && pipe.readers === 0) return breakPipe();
    if (writes ? pipe.room >= needed : pipe.isReady) return 1;
    if (!writes && pipe.count === 0 && pipe.writers === 0) return 0;
    result = isNow ? -EAGAIN : waitOn(file, writes ? pipe.writable : pipe.readable);
  } while (result === 0);
  return result;
}

/** 0 after a wait, -EAGAIN or -EINTR. */
function waitOn(file: OpenFile, queue: WaitQueue): i32 {
  return (file.flags & O_NONBLOCK) !== 0 ? -EAGAIN : sleepHolding(file, queue);
}

function queuesOfPipe(file: OpenFile): void {
  const pipe = pipeOf(file);
  if (file.mayRead) pollWait(pipe.readable);
  if (file.mayWrite) pollWait(pipe.writable);
}

function pollPipe(file: OpenFile): u32 {
  const pipe = pipeOf(file);
  const access = file.flags & O_ACCMODE;
  if (access === O_RDONLY) return withReadable(0, pipe);
  if (access === O_WRONLY) return withWritable(0, pipe);
  return withReadable(withWritable(0, pipe), pipe);
}

function withReadable(ready: u32, pipe: Pipe): u32 {
  "inline";
  const known = pipe.count !== 0 ? ready | POLLIN | POLLRDNORM : ready;
  if (pipe.writers !== 0) return known;
  return pipe.writerOpens !== 0 ? known | POLLHUP : known;
}

function withWritable(ready: u32, pipe: Pipe): u32 {
  "inline";
  const known = pipe.readers === 0 ? ready | POLLERR : ready;
  return pipe.hasRoomFor(PIPE_BUF) ? known | POLLOUT | POLLWRNORM : known;
}

function controlPipe(file: OpenFile, command: u32, argument: u32): i32 {
  return command === FIONREAD ? writeWord(userPointer(argument), pipeOf(file).count) : -ENOTTY;
}

/** How many bytes the pipe of an open file holds. */
export function pipeSize(file: OpenFile): i32 {
  return <i32>pipeOf(file).capacity;
}

/** Has it hold `wanted` bytes, or what comes next: how many, or -errno as fcntl(2) has it. */
export function setPipeSize(file: OpenFile, wanted: u32): i32 {
  if (wanted > LARGEST_WISH) return -EINVAL;
  let size = PAGE_SIZE;
  while (size < wanted) size <<= 1;
  if (size > PIPE_SIZE) return -EPERM;
  const pipe = pipeOf(file);
  if (!pipe.setCapacity(size)) return -EBUSY;
  wakeAll(pipe.writable);
  return <i32>size;
}
