// timerfd_create(2): a timer that is read: how often it has expired since it was read last.

import { EAGAIN, EFAULT, EINVAL, ENOMEM } from "../../../src/abi/errno";
import { O_NONBLOCK } from "../../../src/abi/files";
import { POLLIN } from "../../../src/abi/poll";
import { FileSystem } from "../../file/file-system";
import { sleepHolding } from "../../file/held-file";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { allocate, free } from "../../memory/heap";
import { copyOut, UserPointer } from "../../memory/user-memory";
import { IntervalTimer } from "../../thread/interval-timer";
import { pollWait } from "../../thread/poll-table";
import { wakeAll } from "../../thread/schedule";
import { Timer } from "../../thread/timer";
import { WaitQueue } from "../../thread/wait-queue";
import { hasOpened, isEventFile, openEventFile, startEventFiles } from "./event-file";

const VALUE_SIZE: u32 = 8;

/** The timer with what it is for. */
@unmanaged
export class TimerFile extends IntervalTimer {
  /** The clock that the program named: what absolute times are of. */
  clock: u32 = 0;
  /** How often it has expired and was not read. */
  expirations: u64 = 0;
  readable: WaitQueue = changetype<WaitQueue>(0);
}

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const timers = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));
const value: usize = memory.data(VALUE_SIZE, 8);

/** Fills the record of operations; before any file is made. */
export function startTimerFiles(): void {
  startEventFiles(operations, timers, cstr("anon_inode:[timerfd]"));
  operations.read = readTimer.index;
  operations.poll = pollTimer.index;
  operations.queues = queuesOfTimer.index;
  operations.release = closeTimer.index;
}

/** An open file of a new timer, which is not set: its address or -errno. */
export function openTimer(clock: u32, flags: u32): usize {
  const at = allocate(offsetof<TimerFile>() + offsetof<WaitQueue>());
  if (at === 0) return -ENOMEM;
  const timer = changetype<TimerFile>(at);
  timer.handler = fire.index;
  timer.clock = clock;
  timer.readable = changetype<WaitQueue>(at + offsetof<TimerFile>());
  const opened = openEventFile(timers, operations, at, flags);
  if (!hasOpened(opened)) free(at);
  return opened;
}

/** The timer of such a file; null: it is another kind of file. */
export function timerOf(file: OpenFile): TimerFile | null {
  return isEventFile(file, operations) ? changetype<TimerFile>(file.inode.data) : null;
}

function fire(timer: Timer): void {
  const file = changetype<TimerFile>(timer);
  file.expirations += file.expire();
  wakeAll(file.readable);
}

function closeTimer(file: OpenFile): void {
  const timer = changetype<TimerFile>(file.inode.data);
  timer.stop();
  free(changetype<usize>(timer));
}

function readTimer(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  if (size < VALUE_SIZE) return -EINVAL;
  const timer = changetype<TimerFile>(file.inode.data);
  while (timer.expirations === 0) {
    if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN;
    const result = sleepHolding(file, timer.readable);
    if (result !== 0) return result;
  }
  store<u64>(value, timer.expirations);
  timer.expirations = 0;
  return copyOut(to, value, VALUE_SIZE) !== 0 ? -EFAULT : <i32>VALUE_SIZE;
}

function queuesOfTimer(file: OpenFile): void {
  pollWait(changetype<TimerFile>(file.inode.data).readable);
}

function pollTimer(file: OpenFile): u32 {
  return changetype<TimerFile>(file.inode.data).expirations === 0 ? 0 : POLLIN;
}
