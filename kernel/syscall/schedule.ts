// System calls about how processes are scheduled. All are treated alike, round robin: niceness and
// policies are remembered or refused, and told to who asks.

import { EACCES, EFAULT, EINVAL, EPERM, ESRCH } from "../../src/abi/errno";
import { CAP_SYS_NICE } from "../../src/abi/linux/capability";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyOut, readWord, userAddress, userPointer, writeWord } from "../memory/user-memory";
import { mayReschedule } from "../process/access";
import { currentProcess, firstProcess, Process } from "../process/process";
import { findThread, processOf } from "../process/thread-group";
import { currentCredentials } from "../thread/credentials";

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

const SCHED_OTHER: i32 = 0;
const SCHED_FIFO: i32 = 1;
const SCHED_RR: i32 = 2;
const SCHED_BATCH: i32 = 3;
const SCHED_IDLE: i32 = 5;
const SCHED_DEADLINE: i32 = 6;
const MOST_REAL_TIME: i32 = 99;
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
    process.ioPriority = priority;
    result = 0;
  }
  return result;
}

/** sched_getscheduler(thread) */
export function schedGetscheduler(frame: TrapFrame): i32 {
  const refusal = threadRefusal(frame.arg0);
  return refusal !== 0 ? refusal : SCHED_OTHER;
}

/** sched_setscheduler(thread, policy, priority): SCHED_OTHER, which everyone has. */
export function schedSetscheduler(frame: TrapFrame): i32 {
  if (<i32>frame.arg1 < 0) return -EINVAL;
  return checkPolicy(frame.arg0, <i32>frame.arg1, frame.arg2);
}

/** sched_setparam(thread, priority) */
export function schedSetparam(frame: TrapFrame): i32 {
  return checkPolicy(frame.arg0, SCHED_OTHER, frame.arg1);
}

function checkPolicy(thread: u32, policy: i32, parameter: u32): i32 {
  if (<i32>thread < 0 || parameter === 0) return -EINVAL;
  if (readWord(userPointer(parameter), word) !== 0) return -EFAULT;
  const refusal = threadRefusal(thread);
  if (refusal !== 0) return refusal;
  const priority = load<i32>(word);
  if (policy === SCHED_FIFO || policy === SCHED_RR) {
    return priority < 1 || priority > MOST_REAL_TIME ? -EINVAL : -EPERM;
  }
  const isKnown = policy === SCHED_OTHER || policy === SCHED_BATCH || policy === SCHED_IDLE;
  return isKnown && priority === 0 ? 0 : -EINVAL;
}

/** sched_getparam(thread, to) */
export function schedGetparam(frame: TrapFrame): i32 {
  if (frame.arg1 === 0) return -EINVAL;
  const refusal = threadRefusal(frame.arg0);
  return refusal !== 0 ? refusal : writeWord(userPointer(frame.arg1), 0);
}

/** sched_get_priority_max(policy) */
export function schedGetPriorityMax(frame: TrapFrame): i32 {
  return bound(<i32>frame.arg0, MOST_REAL_TIME);
}

/** sched_get_priority_min(policy) */
export function schedGetPriorityMin(frame: TrapFrame): i32 {
  return bound(<i32>frame.arg0, 1);
}

function bound(policy: i32, ofRealTime: i32): i32 {
  if (policy === SCHED_FIFO || policy === SCHED_RR) return ofRealTime;
  const isKnown = policy === SCHED_OTHER || policy === SCHED_BATCH || policy === SCHED_IDLE;
  return isKnown || policy === SCHED_DEADLINE ? 0 : -EINVAL;
}

/** sched_rr_get_interval(thread, to): a struct timespec. */
export function schedRrGetInterval(frame: TrapFrame): i32 {
  const refusal = threadRefusal(frame.arg0);
  if (refusal !== 0) return refusal;
  store<u32>(interval, 0);
  store<u32>(interval, SLICE_NANOSECONDS, 4);
  return copyOut(userPointer(frame.arg1), interval, 8);
}

/** sched_rr_get_interval_time64(thread, to): with 64-bit seconds. */
export function schedRrGetIntervalTime64(frame: TrapFrame): i32 {
  const refusal = threadRefusal(frame.arg0);
  if (refusal !== 0) return refusal;
  store<u64>(interval, 0);
  store<u64>(interval, SLICE_NANOSECONDS, 8);
  return copyOut(userPointer(frame.arg1), interval, 16);
}

/** getcpu(processor, node): there is one of each. */
export function getcpu(frame: TrapFrame): i32 {
  const processor = userPointer(frame.arg0);
  const node = userPointer(frame.arg1);
  if (userAddress(processor) !== 0 && writeWord(processor, 0) !== 0) return -EFAULT;
  return userAddress(node) !== 0 && writeWord(node, 0) !== 0 ? -EFAULT : 0;
}

/** Why there is no such thread; 0: there is. */
function threadRefusal(id: u32): i32 {
  if (<i32>id < 0) return -EINVAL;
  return id === 0 || findThread(id) !== null ? 0 : -ESRCH;
}

if (PRIO_PROCESS !== 0) ERROR("what is neither a group nor a user is a process");
