// eventfd(2): a 64-bit counter. A write adds to it; a read takes all of it, or 1 in semaphore mode.

import { EAGAIN, EFAULT, EINVAL, ENOMEM } from "../../../src/abi/errno";
import { O_NONBLOCK } from "../../../src/abi/files";
import { POLLERR, POLLIN, POLLOUT } from "../../../src/abi/poll";
import { FileSystem } from "../../file/file-system";
import { sleepHolding } from "../../file/held-file";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { allocate, free } from "../../memory/heap";
import { copyIn, copyOut, UserPointer } from "../../memory/user-memory";
import { pollWaitFor } from "../../thread/poll-table";
import { wakeAll } from "../../thread/schedule";
import { WaitQueue } from "../../thread/wait-queue";
import { hasOpened, openEventFile, startEventFiles } from "./event-file";

const VALUE_SIZE: u32 = 8;
/** A counter never holds this. */
const FULL: u64 = u64.MAX_VALUE;

@unmanaged
class EventCounter {
  count: u64 = 0;
  isSemaphore: bool = false;
  readable: WaitQueue = changetype<WaitQueue>(0);
  writable: WaitQueue = changetype<WaitQueue>(0);
}

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const counters = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));
const value: usize = memory.data(VALUE_SIZE, 8);

/** Fills the record of operations; before any file is made. */
export function startEventCounters(): void {
  startEventFiles(operations, counters, cstr("anon_inode:[eventfd]"));
  operations.read = readCounter.index;
  operations.write = writeCounter.index;
  operations.poll = pollCounter.index;
  operations.queues = queuesOfCounter.index;
  operations.release = closeCounter.index;
}

/** An open file of a new counter: its address or -errno. */
export function openEventCounter(count: u32, isSemaphore: bool, flags: u32): usize {
  const record: usize = offsetof<EventCounter>();
  const at = allocate(record + 2 * offsetof<WaitQueue>());
  if (at === 0) return -ENOMEM;
  const counter = changetype<EventCounter>(at);
  counter.count = count;
  counter.isSemaphore = isSemaphore;
  counter.readable = changetype<WaitQueue>(at + record);
  counter.writable = changetype<WaitQueue>(at + record + offsetof<WaitQueue>());
  const opened = openEventFile(counters, operations, at, flags);
  if (!hasOpened(opened)) free(at);
  return opened;
}

function counterOf(file: OpenFile): EventCounter {
  return changetype<EventCounter>(file.inode.data);
}

function closeCounter(file: OpenFile): void {
  free(file.inode.data);
}

function readCounter(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  if (size < VALUE_SIZE) return -EINVAL;
  const counter = counterOf(file);
  while (counter.count === 0) {
    const result = waitOn(file, counter.readable);
    if (result !== 0) return result;
  }
  const taken: u64 = counter.isSemaphore ? 1 : counter.count;
  counter.count -= taken;
  wakeAll(counter.writable);
  store<u64>(value, taken);
  return copyOut(to, value, VALUE_SIZE) !== 0 ? -EFAULT : <i32>VALUE_SIZE;
}

function writeCounter(file: OpenFile, from: UserPointer, size: u32, _at: u64): i32 {
  if (size < VALUE_SIZE) return -EINVAL;
  if (copyIn(from, value, VALUE_SIZE) !== 0) return -EFAULT;
  const added = load<u64>(value);
  if (added === FULL) return -EINVAL;
  const counter = counterOf(file);
  while (FULL - counter.count <= added) {
    const result = waitOn(file, counter.writable);
    if (result !== 0) return result;
  }
  counter.count += added;
  wakeAll(counter.readable);
  return <i32>VALUE_SIZE;
}

/** 0 after a wait, -EAGAIN, or because a signal came. */
function waitOn(file: OpenFile, queue: WaitQueue): i32 {
  return (file.flags & O_NONBLOCK) !== 0 ? -EAGAIN : sleepHolding(file, queue);
}

function queuesOfCounter(file: OpenFile): void {
  const counter = counterOf(file);
  pollWaitFor(counter.readable, POLLIN);
  pollWaitFor(counter.writable, POLLOUT);
}

function pollCounter(file: OpenFile): u32 {
  const counter = counterOf(file);
  let ready: u32 = counter.count === 0 ? 0 : POLLIN;
  if (counter.count === FULL) ready |= POLLERR;
  return counter.count < FULL - 1 ? ready | POLLOUT : ready;
}
