// System calls that wait for several files at once: poll(2), select(2) and their relatives.
//
// Each of them is: ask all files, and where to wait for them; if none is ready and there is time
// left, wait and ask again. poll(2) asks once before that, by the list where the user has it: most
// calls find a file ready, or do not wait, and need neither a copy of it nor places in queues.

import { EBADF, EFAULT, EINVAL, ENOMEM } from "../../src/abi/errno";
import {
  POLLERR,
  POLLFD_EVENTS,
  POLLFD_RESULTS,
  POLLFD_SIZE,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDNORM,
  POLLWRNORM,
} from "../../src/abi/poll";
import { LARGEST_COUNT } from "../file/file-table";
import { OpenFile } from "../file/open-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { allocate, free } from "../memory/heap";
import {
  copyIn,
  copyOut,
  openForWriting,
  UserPointer,
  userAddress,
  userPointer,
} from "../memory/user-memory";
import { closeWindow } from "../memory/window";
import { currentFiles } from "../process/thread-files";
import { leaveQueues, startCollecting, stopCollecting } from "../thread/poll-table";
import { block, sleepUntil } from "../thread/schedule";
import { NEVER } from "../thread/timer";
import { readUptime } from "../thread/uptime";
import { fileArgument } from "./descriptor";
import { lendMask, SET_SIZE, takeMaskBack } from "./lent-mask";
import { TimeForm, takenTime, takeTime } from "./time-value";
import { interruptedWait, waitDeadlineIn } from "./wait-time";

const NANOSECONDS_PER_MILLISECOND: u32 = 1000000;
/** A set of descriptors: bytes of the largest, and how many sets select has. */
const FDS_SIZE: u32 = LARGEST_COUNT / 8;
const SETS: u32 = 3;
const WORD_SHIFT: u32 = 2;

/** What nobody need ask for. */
const ALWAYS_TOLD: u32 = POLLERR | POLLHUP | POLLNVAL;
const READABLE: u32 = POLLIN | POLLRDNORM | POLLHUP | POLLERR;
const WRITABLE: u32 = POLLOUT | POLLWRNORM | POLLERR;

/** Bytes of a list of files that needs no memory, unless another thread waits with one. */
const SHORT_LIST: u32 = 16 * POLLFD_SIZE;

const words: usize = memory.data(24, 8);
const shortList: usize = memory.data(SHORT_LIST, 4);
let isShortListTaken: bool = false;

/** When a wait ends, in nanoseconds of uptime; 0: at once. Set by readTimeout(). */
let deadline: u64 = 0;

/** poll(files, count, milliseconds): < 0 is for ever. */
export function poll(frame: TrapFrame): i32 {
  const milliseconds = <i32>frame.arg2;
  deadline = 0;
  if (milliseconds !== 0) setDeadlineIn(milliseconds);
  return pollFiles(userPointer(frame.arg0), frame.arg1);
}

/** ppoll(files, count, timeout, mask, size of a set) */
export function ppoll(frame: TrapFrame): i32 {
  return maskedPoll(frame, TimeForm.timespec);
}

/** ppoll_time64(files, count, timeout, mask, size of a set) */
export function ppoll64(frame: TrapFrame): i32 {
  return maskedPoll(frame, TimeForm.timespec64);
}

/** _newselect(count, readable, writable, exceptional, timeout of microseconds) */
export function select(frame: TrapFrame): i32 {
  const timeout = userPointer(frame.arg4);
  const result = readTimeout(timeout, TimeForm.timeval);
  if (result !== 0) return result;
  return selectFiles(frame.arg0, frame.arg1, frame.arg2, frame.arg3);
}

/** select(arguments): the five of _newselect, in memory. */
export function oldSelect(frame: TrapFrame): i32 {
  if (copyIn(userPointer(frame.arg0), words, 20) !== 0) return -EFAULT;
  const count = load<u32>(words);
  const readable = load<u32>(words, 4);
  const writable = load<u32>(words, 8);
  const exceptional = load<u32>(words, 12);
  const timeout = userPointer(load<u32>(words, 16));
  const result = readTimeout(timeout, TimeForm.timeval);
  return result !== 0 ? result : selectFiles(count, readable, writable, exceptional);
}

/** pselect6(count, readable, writable, exceptional, timeout, mask and its size) */
export function pselect6(frame: TrapFrame): i32 {
  return maskedSelect(frame, TimeForm.timespec);
}

/** pselect6_time64(count, readable, writable, exceptional, timeout, mask and its size) */
export function pselect64(frame: TrapFrame): i32 {
  return maskedSelect(frame, TimeForm.timespec64);
}

function maskedPoll(frame: TrapFrame, form: TimeForm): i32 {
  let result = readTimeout(userPointer(frame.arg2), form);
  if (result === 0) result = lendMask(userPointer(frame.arg3), frame.arg4);
  if (result !== 0) return result;
  return takeMaskBack(pollFiles(userPointer(frame.arg0), frame.arg1));
}

function maskedSelect(frame: TrapFrame, form: TimeForm): i32 {
  let result = readTimeout(userPointer(frame.arg4), form);
  let mask = userPointer(0);
  let size: u32 = SET_SIZE;
  if (result === 0 && frame.arg5 !== 0) {
    if (copyIn(userPointer(frame.arg5), words, 8) !== 0) return -EFAULT;
    mask = userPointer(load<u32>(words));
    size = load<u32>(words, 4);
  }
  if (result === 0) result = lendMask(mask, size);
  if (result !== 0) return result;
  return takeMaskBack(selectFiles(frame.arg0, frame.arg1, frame.arg2, frame.arg3));
}

/** Sets the deadline from a time of the user's; without one the wait has no end. */
function readTimeout(from: UserPointer, form: TimeForm): i32 {
  deadline = NEVER;
  if (userAddress(from) === 0) return 0;
  const result = takeTime(from, form);
  if (result === 0) setDeadline(takenTime);
  return result;
}

function setDeadlineIn(milliseconds: i32): void {
  if (milliseconds < 0) deadline = NEVER;
  else setDeadline(<u64>milliseconds * NANOSECONDS_PER_MILLISECOND);
}

/** So many nanoseconds from now; 0 does not wait at all. */
function setDeadline(time: u64): void {
  deadline = time === 0 ? 0 : waitDeadlineIn(time);
}

function pollFiles(list: UserPointer, count: u32): i32 {
  if (count > LARGEST_COUNT) return -EINVAL;
  const seen = openForWriting(list, count * POLLFD_SIZE);
  if (seen === 0) return pollCopy(list, count);
  // No file makes one wait that is asked, so nobody else comes to change the list.
  const ready = <i32>askFiles(seen, count);
  closeWindow(seen);
  return ready !== 0 || deadline === 0 ? ready : pollCopy(list, count);
}

function pollCopy(list: UserPointer, count: u32): i32 {
  const size = count * POLLFD_SIZE;
  const files = takeList(size);
  if (files === 0) return -ENOMEM;
  let result = copyIn(list, files, size);
  if (result === 0) result = waitFor(files, count);
  if (result >= 0 && copyOut(list, files, size) !== 0) result = -EFAULT;
  giveListBack(files);
  return result;
}

/** Room for a list of `size` bytes; 0: there is none. */
function takeList(size: u32): usize {
  if (size > SHORT_LIST || isShortListTaken) return allocate(max<u32>(size, POLLFD_SIZE));
  isShortListTaken = true;
  return shortList;
}

function giveListBack(list: usize): void {
  if (list === shortList) isShortListTaken = false;
  else free(list);
}

/** Waits until one of the files is ready, or until the deadline: how many are, or -errno. */
function waitFor(files: usize, count: u32): i32 {
  const end = deadline;
  while (true) {
    // Who does not wait needs no queues.
    const hasAll = end === 0 || enterQueues(files, count);
    const ready = askFiles(files, count);
    if (ready !== 0 || end === 0 || (end !== NEVER && end <= readUptime())) {
      leaveQueues();
      return <i32>ready;
    }
    const result = hasAll ? waitHolding(files, count, end) : -ENOMEM;
    leaveQueues();
    if (result !== 0) return result;
  }
}

/** Has the thread wait in the queues of all files. False: there was no memory for all of them. */
function enterQueues(files: usize, count: u32): bool {
  startCollecting();
  for (let i: u32 = 0; i < count; i++) {
    const file = fileArgument(load<u32>(files + i * POLLFD_SIZE));
    if (file !== null) file.enterQueues();
  }
  return stopCollecting();
}

/** Waits in the queues of the files, which stay open meanwhile whoever closes them. */
function waitHolding(files: usize, count: u32, end: u64): i32 {
  const held = allocate(max<u32>(count << WORD_SHIFT, 1));
  if (held === 0) return -ENOMEM;
  for (let i: u32 = 0; i < count; i++) {
    const file = fileArgument(load<u32>(files + i * POLLFD_SIZE));
    if (file !== null) file.retain();
    store<OpenFile | null>(held + (i << WORD_SHIFT), file);
  }
  const result = waitUntil(end);
  leaveQueues();
  for (let i: u32 = 0; i < count; i++) {
    const file = load<OpenFile | null>(held + (i << WORD_SHIFT));
    if (file !== null) file.release();
  }
  free(held);
  return result;
}

function waitUntil(end: u64): i32 {
  const result = end !== NEVER ? sleepUntil(end) : block();
  return result !== 0 ? interruptedWait(end) : 0;
}

/** Asks each file what is true of it; how many have something that was asked for. */
function askFiles(files: usize, count: u32): u32 {
  const table = currentFiles();
  const end = files + count * POLLFD_SIZE;
  let ready: u32 = 0;
  for (let entry = files; entry !== end; entry += POLLFD_SIZE) {
    const file = table.get(load<u32>(entry));
    const known = file === null ? withoutFile(entry) : file.poll();
    const found = known & (load<u16>(entry, POLLFD_EVENTS) | ALWAYS_TOLD);
    store<u16>(entry, found, POLLFD_RESULTS);
    if (found !== 0) ready++;
  }
  return ready;
}

/** A negative number means no descriptor. */
function withoutFile(entry: usize): u32 {
  return load<i32>(entry) < 0 ? 0 : POLLNVAL;
}

/** select in terms of poll: three sets of descriptors become a list, and come back. */
function selectFiles(count: u32, readable: u32, writable: u32, exceptional: u32): i32 {
  if (<i32>count < 0) return -EINVAL;
  // As on Linux, sets are as long as the table of files at most: the program's may be no longer.
  const bits = min<u32>(count, currentFiles().size);
  const sets = allocate(SETS * FDS_SIZE + bits * POLLFD_SIZE);
  if (sets === 0) return -ENOMEM;
  const files = sets + SETS * FDS_SIZE;
  const size = ((bits + 31) >> 5) << 2;
  let result = readSet(sets, readable, size);
  if (result === 0) result = readSet(sets + FDS_SIZE, writable, size);
  if (result === 0) result = readSet(sets + 2 * FDS_SIZE, exceptional, size);
  if (result === 0) result = waitForSets(sets, files, bits);
  if (result >= 0) {
    const sent = sendSets(sets, readable, writable, exceptional, size);
    if (sent !== 0) result = sent;
  }
  free(sets);
  return result;
}

function readSet(to: usize, from: u32, size: u32): i32 {
  return from === 0 ? 0 : copyIn(userPointer(from), to, size);
}

function sendSets(sets: usize, first: u32, second: u32, third: u32, size: u32): i32 {
  let result: i32 = first === 0 ? 0 : copyOut(userPointer(first), sets, size);
  if (result === 0 && second !== 0) {
    result = copyOut(userPointer(second), sets + FDS_SIZE, size);
  }
  if (result === 0 && third !== 0) {
    result = copyOut(userPointer(third), sets + 2 * FDS_SIZE, size);
  }
  return result;
}

/** How many bits are set in the sets afterwards, or -errno. */
function waitForSets(sets: usize, files: usize, bits: u32): i32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < bits; i++) {
    const wanted = eventsOf(sets, i);
    if (wanted === 0) continue;
    if (fileArgument(i) === null) return -EBADF;
    const entry = files + count++ * POLLFD_SIZE;
    store<u32>(entry, i);
    store<u16>(entry, wanted, POLLFD_EVENTS);
  }
  const result = waitFor(files, count);
  if (result < 0) return result;
  memory.fill(sets, 0, SETS * FDS_SIZE);
  let found: i32 = 0;
  for (let i: u32 = 0; i < count; i++) found += noteReady(sets, files + i * POLLFD_SIZE);
  return found;
}

function eventsOf(sets: usize, bit: u32): u32 {
  let events: u32 = 0;
  if (isIn(sets, bit)) events |= POLLIN | POLLRDNORM;
  if (isIn(sets + FDS_SIZE, bit)) events |= POLLOUT | POLLWRNORM;
  if (isIn(sets + 2 * FDS_SIZE, bit)) events |= POLLPRI;
  return events;
}

/** Sets the bits of a file that is ready in the sets that asked for it; how many. */
function noteReady(sets: usize, entry: usize): i32 {
  const bit = load<u32>(entry);
  const wanted: u32 = load<u16>(entry, POLLFD_EVENTS);
  const found: u32 = load<u16>(entry, POLLFD_RESULTS);
  let count: i32 = 0;
  if ((wanted & POLLIN) !== 0 && (found & READABLE) !== 0) count += put(sets, bit);
  if ((wanted & POLLOUT) !== 0 && (found & WRITABLE) !== 0) count += put(sets + FDS_SIZE, bit);
  if ((wanted & found & POLLPRI) !== 0) count += put(sets + 2 * FDS_SIZE, bit);
  return count;
}

function isIn(set: usize, bit: u32): bool {
  const byte: u32 = load<u8>(set + (bit >> 3));
  return ((byte >> (bit & 7)) & 1) !== 0;
}

function put(set: usize, bit: u32): i32 {
  const byte: u32 = load<u8>(set + (bit >> 3));
  store<u8>(set + (bit >> 3), <u8>(byte | (1 << (bit & 7))));
  return 1;
}
