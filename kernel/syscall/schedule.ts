// System calls about how threads are scheduled. Real-time policies hold, see thread/schedule.ts; of
// the others all are treated alike, and niceness is remembered. SCHED_DEADLINE is refused.

import { EACCES, EFAULT, EINVAL, EPERM, ESRCH, isErrno } from "../../src/abi/errno";
import { CAP_SYS_NICE } from "../../src/abi/linux/capability";
import { RLIMIT_RTPRIO } from "../../src/abi/linux/resource";
import {
  MOST_URGENT,
  SCHED_BATCH,
  SCHED_DEADLINE,
  SCHED_FIFO,
  SCHED_IDLE,
  SCHED_OTHER,
  SCHED_RESET_ON_FORK,
  SCHED_RR,
} from "../../src/abi/linux/schedule";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyOut, readWord, userAddress, userPointer, writeWord } from "../memory/user-memory";
import { mayReschedule } from "../process/access";
import { softLimit } from "../process/limits";
import { currentProcess, firstProcess, Process } from "../process/process";
import { findThread, processOf } from "../process/thread-group";
import { currentCredentials } from "../thread/credentials";
import { hasNoSlice, setUrgency } from "../thread/schedule";
import { currentThread, Thread } from "../thread/thread";

const PRIO_PROCESS: u32 = 0;
const PRIO_GROUP: u32 = 1;
const PRIO_USER: u32 = 2;
const LEAST_NICE: i32 = -20;
const MOST_NICE: i32 = 19;
/** getpriority(2) says 20 less the niceness, so that it is no errno. */
const PRIORITY_BASE: i32 = 20;

/** A priority of ioprio_set(2): a class, and a level of which 0 is the most urgent. */
const IOPRIO_CLASS_SHIFT: u32 = 13;
const IOPRIO_CLASS_RT: u32 = 1;
const IOPRIO_CLASS_BE: u32 = 2;
const IOPRIO_CLASS_IDLE: u32 = 3;
const IOPRIO_LEVELS: u32 = 8;

/** What every thread gets while others wait: two ticks. */
const SLICE_NANOSECONDS: u32 = 20000000;

const word: usize = memory.data(4, 4);
const interval: usize = memory.data(16, 8);

/** nice(increment) */
export function nice(frame: TrapFrame): i32 {
  const process = currentProcess();
  const increment = min<i32>(max<i32>(<i32>frame.arg0, -2 * MOST_NICE - 2), 2 * MOST_NICE + 2);
  const result = setNice(process, process.nice + increment);
  return result === -EACCES ? -EPERM : result;
}

/** getpriority(which, id): 20 less the niceness of the least nice. */
export function getpriority(frame: TrapFrame): i32 {
  if (frame.arg0 > PRIO_USER) return -EINVAL;
  let found: i32 = -ESRCH;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    if (!isMeant(process, frame.arg0, frame.arg1)) continue;
    found = max<i32>(found, PRIORITY_BASE - process.nice);
  }
  return found;
}

/** setpriority(which, id, niceness) */
export function setpriority(frame: TrapFrame): i32 {
  if (frame.arg0 > PRIO_USER) return -EINVAL;
  let result: i32 = -ESRCH;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    if (!isMeant(process, frame.arg0, frame.arg1)) continue;
    const each = mayReschedule(process) ? setNice(process, <i32>frame.arg2) : -EPERM;
    if (each !== 0 || result === -ESRCH) result = each;
  }
  return result;
}

/** Whether `which` and `id` name the process; id 0: the caller, its group or its user. */
function isMeant(process: Process, which: u32, id: u32): bool {
  if (process.isZombie) return false;
  const self = currentProcess();
  if (which === PRIO_GROUP) return process.group === (id === 0 ? self.group : id);
  if (which === PRIO_USER) {
    return process.thread.credentials.user === (id === 0 ? currentCredentials().user : id);
  }
  if (id === 0) return process === self;
  const thread = findThread(id);
  return thread !== null && processOf(thread) === process;
}

function setNice(process: Process, nice: i32): i32 {
  const value = min<i32>(max<i32>(nice, LEAST_NICE), MOST_NICE);
  if (value < process.nice && !currentCredentials().has(CAP_SYS_NICE)) return -EACCES;
  process.nice = value;
  return 0;
}

/** ioprio_get(which, id): that of the most urgent. */
export function ioprioGet(frame: TrapFrame): i32 {
  const which = frame.arg0 - 1;
  if (which > PRIO_USER) return -EINVAL;
  let found: i32 = -ESRCH;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    if (!isMeant(process, which, frame.arg1)) continue;
    const each = <i32>process.ioPriority;
    // No class at all is less urgent than any.
    if (found <= 0 || (each !== 0 && each < found)) found = each;
  }
  return found;
}

/** ioprio_set(which, id, priority) */
export function ioprioSet(frame: TrapFrame): i32 {
  const which = frame.arg0 - 1;
  const priority = frame.arg2;
  const ioClass = priority >> IOPRIO_CLASS_SHIFT;
  const level = priority & ((1 << IOPRIO_CLASS_SHIFT) - 1);
  const mayHaveLevel = ioClass === IOPRIO_CLASS_RT || ioClass === IOPRIO_CLASS_BE;
  if (ioClass > IOPRIO_CLASS_IDLE || (mayHaveLevel && level >= IOPRIO_LEVELS)) return -EINVAL;
  if (ioClass === 0 && level !== 0) return -EINVAL;
  if (ioClass === IOPRIO_CLASS_RT && !currentCredentials().has(CAP_SYS_NICE)) return -EPERM;
  if (which > PRIO_USER) return -EINVAL;
  let result: i32 = -ESRCH;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    if (!isMeant(process, which, frame.arg1)) continue;
    if (!mayReschedule(process)) return -EPERM;
    process.ioPriority = <u16>priority;
    result = 0;
  }
  return result;
}

/** sched_getscheduler(thread) */
export function schedGetscheduler(frame: TrapFrame): i32 {
  const found = threadArgument(frame.arg0);
  return isErrno(<u32>found) ? <i32>found : <i32>changetype<Thread>(found).policy;
}

/** sched_setscheduler(thread, policy, priority) */
export function schedSetscheduler(frame: TrapFrame): i32 {
  return changePolicy(frame.arg0, frame.arg1, frame.arg2, false);
}

/** sched_setparam(thread, priority) */
export function schedSetparam(frame: TrapFrame): i32 {
  return changePolicy(frame.arg0, 0, frame.arg1, true);
}

/** Gives a thread a policy, or keeps the one that it has, and the priority at `parameter`. */
function changePolicy(id: u32, policy: u32, parameter: u32, keepsPolicy: bool): i32 {
  if (<i32>policy < 0 || <i32>id < 0 || parameter === 0) return -EINVAL;
  if (readWord(userPointer(parameter), word) !== 0) return -EFAULT;
  const found = threadArgument(id);
  if (isErrno(<u32>found)) return <i32>found;
  const thread = changetype<Thread>(found);
  const wanted = keepsPolicy ? thread.policy : policy;
  const priority = load<u32>(word);
  const plain = wanted & ~SCHED_RESET_ON_FORK;
  const least = bound(plain, 1);
  // SCHED_DEADLINE has no priority, but times, which this call cannot give.
  if (least < 0 || plain === SCHED_DEADLINE) return -EINVAL;
  if (least === 0 ? priority !== 0 : priority - 1 >= MOST_URGENT) return -EINVAL;
  if (!mayHavePolicy(thread, wanted, priority)) return -EPERM;
  thread.policy = wanted;
  setUrgency(thread, priority);
  return 0;
}

/** Whether the caller may give `thread` that policy: it is as urgent as the limit says at most. */
function mayHavePolicy(thread: Thread, wanted: u32, priority: u32): bool {
  if (currentCredentials().has(CAP_SYS_NICE)) return true;
  const process = processOf(thread);
  const before = thread.plainPolicy;
  const after = wanted & ~SCHED_RESET_ON_FORK;
  const most = softLimit(process.limits, RLIMIT_RTPRIO);
  if (priority > most && (priority > thread.urgency || (before !== after && most === 0))) {
    return false;
  }
  if (before === SCHED_IDLE && after !== SCHED_IDLE) return false;
  return (thread.policy & ~wanted & SCHED_RESET_ON_FORK) === 0 && mayReschedule(process);
}

/** sched_getparam(thread, to) */
export function schedGetparam(frame: TrapFrame): i32 {
  if (frame.arg1 === 0) return -EINVAL;
  const found = threadArgument(frame.arg0);
  if (isErrno(<u32>found)) return <i32>found;
  return writeWord(userPointer(frame.arg1), changetype<Thread>(found).urgency);
}

/** sched_get_priority_max(policy) */
export function schedGetPriorityMax(frame: TrapFrame): i32 {
  return bound(frame.arg0, MOST_URGENT);
}

/** sched_get_priority_min(policy) */
export function schedGetPriorityMin(frame: TrapFrame): i32 {
  return bound(frame.arg0, 1);
}

function bound(policy: u32, ofRealTime: i32): i32 {
  if (policy === SCHED_FIFO || policy === SCHED_RR) return ofRealTime;
  const isKnown = policy === SCHED_OTHER || policy === SCHED_BATCH || policy === SCHED_IDLE;
  return isKnown || policy === SCHED_DEADLINE ? 0 : -EINVAL;
}

/** sched_rr_get_interval(thread, to): a struct timespec. */
export function schedRrGetInterval(frame: TrapFrame): i32 {
  return tellInterval(frame, 4);
}

/** sched_rr_get_interval_time64(thread, to): with 64-bit seconds. */
export function schedRrGetIntervalTime64(frame: TrapFrame): i32 {
  return tellInterval(frame, 8);
}

/** The time slice in a timespec of two numbers of `width` bytes; 0: there is none. */
function tellInterval(frame: TrapFrame, width: u32): i32 {
  const found = threadArgument(frame.arg0);
  if (isErrno(<u32>found)) return <i32>found;
  memory.fill(interval, 0, 16);
  if (!hasNoSlice(changetype<Thread>(found))) store<u32>(interval + width, SLICE_NANOSECONDS);
  return copyOut(userPointer(frame.arg1), interval, 2 * width);
}

/** getcpu(processor, node): there is one of each. */
export function getcpu(frame: TrapFrame): i32 {
  const processor = userPointer(frame.arg0);
  const node = userPointer(frame.arg1);
  if (userAddress(processor) !== 0 && writeWord(processor, 0) !== 0) return -EFAULT;
  return userAddress(node) !== 0 && writeWord(node, 0) !== 0 ? -EFAULT : 0;
}

/** The thread of that id, 0: the caller; its record, or -EINVAL or -ESRCH. */
function threadArgument(id: u32): usize {
  if (<i32>id < 0) return -EINVAL;
  const thread = id === 0 ? currentThread : findThread(id);
  return thread === null ? -ESRCH : changetype<usize>(thread);
}

if (PRIO_PROCESS !== 0) ERROR("what is neither a group nor a user is a process");
