// System calls that make files of events: eventfd(2), signalfd(2), timerfd_create(2).

import { EBADF, EFAULT, EINVAL } from "../../src/abi/errno";
import { O_CLOEXEC, O_NONBLOCK } from "../../src/abi/files";
import { openEventCounter } from "../filesystem/event/event-counter";
import { openSignalFile, signalsOf } from "../filesystem/event/signal-file";
import { openTimer, timerOf } from "../filesystem/event/timer-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { UNBLOCKABLE } from "../process/signal";
import { wakeAll } from "../thread/schedule";
import { CLOCK_TAI, canWaitFor, uptimeOf } from "./clock";
import { describe, fileArgument } from "./descriptor";
import { SET_SIZE } from "./lent-mask";
import { deadlineIn, putTime, readTime, TimeForm, takenTime, timeSize } from "./time-value";

const EFD_SEMAPHORE: u32 = 1;
const TFD_TIMER_ABSTIME: u32 = 1;
const TFD_TIMER_CANCEL_ON_SET: u32 = 2;
const OPEN_FLAGS: u32 = O_CLOEXEC | O_NONBLOCK;

/** A set of signals, or two times: the interval, and what is left. */
const words: usize = memory.data(32, 8);

/** eventfd(count) */
export function eventfd(frame: TrapFrame): i32 {
  return describe(openEventCounter(frame.arg0, false, 0), 0);
}

/** eventfd2(count, flags) */
export function eventfd2(frame: TrapFrame): i32 {
  const flags = frame.arg1;
  if ((flags & ~(OPEN_FLAGS | EFD_SEMAPHORE)) !== 0) return -EINVAL;
  const isSemaphore = (flags & EFD_SEMAPHORE) !== 0;
  return describe(openEventCounter(frame.arg0, isSemaphore, flags & O_NONBLOCK), flags);
}

/** signalfd(file, set, size of a set) */
export function signalfd(frame: TrapFrame): i32 {
  return makeSignalFile(frame, 0);
}

/** signalfd4(file, set, size of a set, flags): file -1 makes a new one. */
export function signalfd4(frame: TrapFrame): i32 {
  return (frame.arg3 & ~OPEN_FLAGS) !== 0 ? -EINVAL : makeSignalFile(frame, frame.arg3);
}

function makeSignalFile(frame: TrapFrame, flags: u32): i32 {
  if (frame.arg2 !== SET_SIZE) return -EINVAL;
  if (copyIn(userPointer(frame.arg1), words, SET_SIZE) !== 0) return -EFAULT;
  const set = load<u64>(words) & ~UNBLOCKABLE;
  if (<i32>frame.arg0 === -1) return describe(openSignalFile(set, flags & O_NONBLOCK), flags);
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const signals = signalsOf(file);
  if (signals === null) return -EINVAL;
  signals.set = set;
  wakeAll(currentProcess().signalWaiters);
  return <i32>frame.arg0;
}

/** timerfd_create(clock, flags) */
export function timerfdCreate(frame: TrapFrame): i32 {
  const clock = frame.arg0;
  if ((frame.arg1 & ~OPEN_FLAGS) !== 0 || !canWaitFor(clock) || clock === CLOCK_TAI) return -EINVAL;
  return describe(openTimer(clock, frame.arg1 & O_NONBLOCK), frame.arg1);
}

/** timerfd_settime(file, flags, new, old) */
export function timerfdSettime(frame: TrapFrame): i32 {
  return setTimer(frame, TimeForm.timespec);
}

/** timerfd_settime64(file, flags, new, old) */
export function timerfdSettime64(frame: TrapFrame): i32 {
  return setTimer(frame, TimeForm.timespec64);
}

/** timerfd_gettime(file, to) */
export function timerfdGettime(frame: TrapFrame): i32 {
  return getTimer(frame, TimeForm.timespec);
}

/** timerfd_gettime64(file, to) */
export function timerfdGettime64(frame: TrapFrame): i32 {
  return getTimer(frame, TimeForm.timespec64);
}

/** TFD_TIMER_CANCEL_ON_SET changes nothing. */
function setTimer(frame: TrapFrame, form: TimeForm): i32 {
  const flags = frame.arg1;
  const size = timeSize(form);
  if (copyIn(userPointer(frame.arg2), words, 2 * size) !== 0) return -EFAULT;
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) !== 0) return -EINVAL;
  if (readTime(words, form) !== 0) return -EINVAL;
  const interval = takenTime;
  if (readTime(words + size, form) !== 0) return -EINVAL;
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const timer = timerOf(file);
  if (timer === null) return -EINVAL;
  const isAbsolute = (flags & TFD_TIMER_ABSTIME) !== 0;
  const first = takenTime;
  const left = timer.left();
  const before = timer.interval;
  timer.stop();
  timer.expirations = 0;
  if (first !== 0) {
    timer.start(isAbsolute ? uptimeOf(timer.clock, first) : deadlineIn(first), interval);
  }
  const old = userPointer(frame.arg3);
  return userAddress(old) === 0 ? 0 : sendTimer(old, left, before, form);
}

function getTimer(frame: TrapFrame, form: TimeForm): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const timer = timerOf(file);
  if (timer === null) return -EINVAL;
  return sendTimer(userPointer(frame.arg1), timer.left(), timer.interval, form);
}

function sendTimer(to: UserPointer, left: u64, interval: u64, form: TimeForm): i32 {
  const size = timeSize(form);
  putTime(words, interval, form);
  putTime(words + size, left, form);
  return copyOut(to, words, 2 * size);
}
