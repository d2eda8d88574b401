// signalfd(2): signals that are read instead of delivered. A thread that reads gets what is pending
// for it, as far as they are in the file's set; the program blocks them beforehand.

import { EAGAIN, EFAULT, EINVAL, ENOMEM } from "../../../src/abi/errno";
import { O_NONBLOCK } from "../../../src/abi/files";
import {
  SIGNALFD_ADDRESS,
  SIGNALFD_CODE,
  SIGNALFD_INT,
  SIGNALFD_OVERRUN,
  SIGNALFD_PID,
  SIGNALFD_POINTER,
  SIGNALFD_SIZE,
  SIGNALFD_STATUS,
  SIGNALFD_TIMER,
  SIGNALFD_USER,
} from "../../../src/abi/linux/signalfd";
import { POLLIN } from "../../../src/abi/poll";
import { SI_QUEUE, SI_TIMER, SIGCHLD } from "../../../src/abi/signals";
import { FileSystem } from "../../file/file-system";
import { sleepHolding } from "../../file/held-file";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { allocate, free } from "../../memory/heap";
import { copyOut, UserPointer } from "../../memory/user-memory";
import { pendingFor, takenNote, takePending } from "../../process/pending-signals";
import { currentProcess, Process } from "../../process/process";
import { noticeSignals } from "../../process/signal";
import { pollWait } from "../../thread/poll-table";
import { currentThread } from "../../thread/thread";
import { hasOpened, isEventFile, openEventFile, startEventFiles } from "./event-file";

@unmanaged
export class SignalFile {
  /** Bit n - 1 is signal n. */
  set: u64 = 0;
}

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const signalFiles = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));
const info: usize = memory.data(SIGNALFD_SIZE, 8);

/** Fills the record of operations; before any file is made. */
export function startSignalFiles(): void {
  startEventFiles(operations, signalFiles, cstr("anon_inode:[signalfd]"));
  operations.read = readSignals.index;
  operations.poll = pollSignals.index;
  operations.queues = queuesOfSignals.index;
  operations.release = closeSignals.index;
}

/** An open file of the signals in `set`: its address or -errno. */
export function openSignalFile(set: u64, flags: u32): usize {
  const at = allocate(offsetof<SignalFile>());
  if (at === 0) return -ENOMEM;
  changetype<SignalFile>(at).set = set;
  const opened = openEventFile(signalFiles, operations, at, flags);
  if (!hasOpened(opened)) free(at);
  return opened;
}

/** The signals of such a file; null: it is another kind of file. */
export function signalsOf(file: OpenFile): SignalFile | null {
  return isEventFile(file, operations) ? changetype<SignalFile>(file.inode.data) : null;
}

function closeSignals(file: OpenFile): void {
  free(file.inode.data);
}

/** Pending signals of the caller that are in the file's set. */
function readyFor(file: OpenFile, process: Process): u64 {
  return pendingFor(process, currentThread) & changetype<SignalFile>(file.inode.data).set;
}

function readSignals(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  if (size < SIGNALFD_SIZE) return -EINVAL;
  const process = currentProcess();
  while (readyFor(file, process) === 0) {
    if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN;
    const result = sleepHolding(file, process.signalWaiters);
    if (result !== 0) return result;
  }
  let done: u32 = 0;
  while (size - done >= SIGNALFD_SIZE) {
    const ready = readyFor(file, process);
    if (ready === 0) break;
    takePending(process, currentThread, 1 + <u32>ctz<u64>(ready));
    noticeSignals();
    describeTaken();
    if (copyOut(to.plus(done), info, SIGNALFD_SIZE) !== 0) return done !== 0 ? <i32>done : -EFAULT;
    done += SIGNALFD_SIZE;
  }
  return <i32>done;
}

/** Puts what came with the signal that was taken into `info`. */
function describeTaken(): void {
  const note = takenNote;
  memory.fill(info, 0, SIGNALFD_SIZE);
  store<u32>(info, note.signal);
  store<i32>(info, note.code, SIGNALFD_CODE);
  if (note.code === SI_TIMER) {
    store<u32>(info, note.pid, SIGNALFD_TIMER);
    store<u32>(info, note.user, SIGNALFD_OVERRUN);
    putValue(note.value);
    return;
  }
  if (note.isFault) {
    store<u64>(info, note.value, SIGNALFD_ADDRESS);
    return;
  }
  store<u32>(info, note.pid, SIGNALFD_PID);
  store<u32>(info, note.user, SIGNALFD_USER);
  if (note.signal === SIGCHLD && note.code > 0) store<u32>(info, note.value, SIGNALFD_STATUS);
  else if (note.code === SI_QUEUE) putValue(note.value);
}

/** A value that was sent along: an integer or a pointer. */
function putValue(value: u32): void {
  store<u32>(info, value, SIGNALFD_INT);
  store<u64>(info, value, SIGNALFD_POINTER);
}

function queuesOfSignals(_file: OpenFile): void {
  pollWait(currentProcess().signalWaiters);
}

function pollSignals(file: OpenFile): u32 {
  return readyFor(file, currentProcess()) === 0 ? 0 : POLLIN;
}
