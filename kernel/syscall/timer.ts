// System calls of the timers that send signals: timer_create(2) and its relatives.
//
//   struct sigevent     0  value   4  signal   8  how   12  thread
//   struct itimerspec   two times: the interval, and when it expires or what is left

import { EAGAIN, EFAULT, EINVAL, EOPNOTSUPP } from "../../src/abi/errno";
import { SIGALRM, SIGNAL_MAX } from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { currentProcess, Process } from "../process/process";
import {
  createProgramTimer,
  deleteProgramTimer,
  findProgramTimer,
  ProgramTimer,
} from "../process/program-timers";
import { threadOf } from "../process/thread-group";
import { ringProgramTimer } from "../process/timer-signal";
import { ClockBase, canWaitFor, clockBase, clockProcess, clockThread, uptimeOf } from "./clock";
import { putTime, readTime, TimeForm, takenTime, timeSize } from "./time-value";

const SIGEV_SIGNAL: u32 = 0;
const SIGEV_NONE: u32 = 1;
const SIGEV_THREAD: u32 = 2;
const SIGEV_THREAD_ID: u32 = 4;
const EVENT_SIZE: u32 = 64;
const EVENT_SIGNAL: usize = 4;
const EVENT_HOW: usize = 8;
const EVENT_THREAD: usize = 12;
const TIMER_ABSTIME: u32 = 1;

const event: usize = memory.data(EVENT_SIZE, 8);
const words: usize = memory.data(32, 8);

/** timer_create(clock, event, id): without an event it sends SIGALRM with its number. */
export function timerCreate(frame: TrapFrame): i32 {
  const given = userPointer(frame.arg1);
  const isGiven = userAddress(given) !== 0;
  if (isGiven && copyIn(given, event, EVENT_SIZE) !== 0) return -EFAULT;
  const clock = frame.arg0;
  const base = clockBase(clock);
  if (base === ClockBase.none) return -EINVAL;
  const isOfProcessor = base === ClockBase.processTime || base === ClockBase.threadTime;
  if (!isOfProcessor && !canWaitFor(clock)) return -EOPNOTSUPP;
  const process = currentProcess();
  // Another process may end before the timer does.
  if (base === ClockBase.processTime && clockProcess(clock) !== process) return -EINVAL;
  if (isGiven && !isGoodEvent(process)) return -EINVAL;
  const timer = createProgramTimer(process);
  if (timer === null) return -EAGAIN;
  ringProgramTimer(timer);
  timer.clock = clock;
  timer.isOfProcessor = isOfProcessor;
  if (base === ClockBase.threadTime) timer.thread = clockThread(clock);
  timer.signal = SIGALRM;
  timer.value = timer.id;
  if (isGiven) {
    timer.signal = load<u32>(event, EVENT_HOW) === SIGEV_NONE ? 0 : load<u32>(event, EVENT_SIGNAL);
    timer.value = load<u32>(event);
    if (load<u32>(event, EVENT_HOW) === SIGEV_THREAD_ID)
      timer.target = load<u32>(event, EVENT_THREAD);
  }
  store<u32>(words, timer.id);
  if (copyOut(userPointer(frame.arg2), words, 4) === 0) return 0;
  deleteProgramTimer(process, timer);
  return -EFAULT;
}

/** Whether the kernel can do what the event says. */
function isGoodEvent(process: Process): bool {
  const how = load<u32>(event, EVENT_HOW);
  if (how === SIGEV_NONE) return true;
  if (how === SIGEV_THREAD_ID) {
    if (threadOf(process, load<u32>(event, EVENT_THREAD)) === null) return false;
  } else if (how !== SIGEV_SIGNAL && how !== SIGEV_THREAD) return false;
  const signal = load<u32>(event, EVENT_SIGNAL);
  return signal !== 0 && signal <= SIGNAL_MAX;
}

/** timer_settime(id, flags, new, old) */
export function timerSettime(frame: TrapFrame): i32 {
  return setTimer(frame, TimeForm.timespec);
}

/** timer_settime64(id, flags, new, old) */
export function timerSettime64(frame: TrapFrame): i32 {
  return setTimer(frame, TimeForm.timespec64);
}

/** timer_gettime(id, to) */
export function timerGettime(frame: TrapFrame): i32 {
  return getTimer(frame, TimeForm.timespec);
}

/** timer_gettime64(id, to) */
export function timerGettime64(frame: TrapFrame): i32 {
  return getTimer(frame, TimeForm.timespec64);
}

/** timer_getoverrun(id): what expired while the last signal that was taken was pending. */
export function timerGetoverrun(frame: TrapFrame): i32 {
  const timer = findProgramTimer(currentProcess(), frame.arg0);
  return timer === null ? -EINVAL : <i32>timer.lastOverruns;
}

/** timer_delete(id) */
export function timerDelete(frame: TrapFrame): i32 {
  const process = currentProcess();
  const timer = findProgramTimer(process, frame.arg0);
  if (timer === null) return -EINVAL;
  deleteProgramTimer(process, timer);
  return 0;
}

function setTimer(frame: TrapFrame, form: TimeForm): i32 {
  const made = userPointer(frame.arg2);
  const size = timeSize(form);
  if (userAddress(made) === 0) return -EINVAL;
  if (copyIn(made, words, 2 * size) !== 0) return -EFAULT;
  if (readTime(words, form) !== 0) return -EINVAL;
  const interval = takenTime;
  if (readTime(words + size, form) !== 0) return -EINVAL;
  const first = takenTime;
  const timer = findProgramTimer(currentProcess(), frame.arg0);
  if (timer === null) return -EINVAL;
  const left = timer.remains();
  const before = timer.interval;
  if (first === 0) timer.end();
  else timer.begin(expiryOf(timer, first, (frame.arg1 & TIMER_ABSTIME) !== 0), interval);
  const old = userPointer(frame.arg3);
  return userAddress(old) === 0 ? 0 : sendTimer(old, left, before, form);
}

/** When a timer expires: an uptime, or a processor time. */
function expiryOf(timer: ProgramTimer, time: u64, isAbsolute: bool): u64 {
  if (!isAbsolute) return timer.now + time;
  return timer.isOfProcessor ? time : uptimeOf(timer.clock, time);
}

function getTimer(frame: TrapFrame, form: TimeForm): i32 {
  const timer = findProgramTimer(currentProcess(), frame.arg0);
  if (timer === null) return -EINVAL;
  return sendTimer(userPointer(frame.arg1), timer.remains(), timer.interval, form);
}

function sendTimer(to: UserPointer, left: u64, interval: u64, form: TimeForm): i32 {
  const size = timeSize(form);
  putTime(words, interval, form);
  putTime(words + size, left, form);
  return copyOut(to, words, 2 * size);
}
