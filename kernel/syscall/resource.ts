// System calls about what a process may use, and what it has used.

import { EFAULT, EINVAL, EPERM, ESRCH } from "../../src/abi/errno";
import { CAP_SYS_RESOURCE } from "../../src/abi/linux/capability";
import {
  OLD_RLIM_INFINITY,
  RLIM_INFINITY,
  RLIMIT_NOFILE,
  RLIMITS,
  RUSAGE_CHILDREN,
  RUSAGE_MAXRSS,
  RUSAGE_SELF,
  RUSAGE_SIZE,
  RUSAGE_SYSTEM,
  RUSAGE_THREAD,
} from "../../src/abi/linux/resource";
import { LARGEST_COUNT } from "../file/file-table";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { mayLimit, mayReschedule } from "../process/access";
import { applyLimits, hardLimit, setLimit, softLimit } from "../process/limits";
import { currentProcess, findProcess, Process } from "../process/process";
import { filesOf } from "../process/thread-files";
import {
  findThread,
  processOf,
  processSystemTime,
  processUserTime,
  timeIn,
} from "../process/thread-group";
import { currentCredentials } from "../thread/credentials";
import { currentThread, Thread } from "../thread/thread";
import { currentTick, ticksOf } from "../thread/ticks";
import { putTime, TimeForm } from "./time-value";

/** struct rlimit: two words; struct rlimit64: two double words. */
const LIMIT_SIZE: u32 = 8;
const LIMIT64_SIZE: u32 = 16;
const KIB_PER_PAGE: u32 = 4;
/** struct tms: ticks in user and system mode, then those of children. */
const TIMES_SIZE: u32 = 16;
const TIMES_CHILDREN: usize = 8;
/** One processor's bit, in a word. */
const MASK_SIZE: u32 = 4;
const FIRST_PROCESSOR: u32 = 1;

const limit: usize = memory.data(LIMIT64_SIZE, 8);
const usage: usize = memory.data(RUSAGE_SIZE, 4);
const mask: usize = memory.data(MASK_SIZE, 4);

/** getrlimit(resource, to): no limit is the largest signed word. */
export function getrlimit(frame: TrapFrame): i32 {
  return sendLimit(frame.arg0, userPointer(frame.arg1), OLD_RLIM_INFINITY);
}

/** ugetrlimit(resource, to) */
export function ugetrlimit(frame: TrapFrame): i32 {
  return sendLimit(frame.arg0, userPointer(frame.arg1), RLIM_INFINITY);
}

/** setrlimit(resource, from) */
export function setrlimit(frame: TrapFrame): i32 {
  if (copyIn(userPointer(frame.arg1), limit, LIMIT_SIZE) !== 0) return -EFAULT;
  return changeLimit(currentProcess(), frame.arg0, load<u32>(limit), load<u32>(limit, 4));
}

/** prlimit64(pid, resource, from, to): 64-bit limits; either pointer may be 0. */
export function prlimit64(frame: TrapFrame): i32 {
  const process = frame.arg0 === 0 ? currentProcess() : findProcess(frame.arg0);
  const resource = frame.arg1;
  const from = userPointer(frame.arg2);
  const to = userPointer(frame.arg3);
  const isChange = userAddress(from) !== 0;
  if (isChange && copyIn(from, limit, LIMIT64_SIZE) !== 0) return -EFAULT;
  if (process === null) return -ESRCH;
  if (!mayLimit(process)) return -EPERM;
  if (resource >= RLIMITS) return -EINVAL;
  const soft = narrow(load<u64>(limit));
  const hard = narrow(load<u64>(limit, 8));
  const oldSoft = widen(softLimit(process.limits, resource));
  const oldHard = widen(hardLimit(process.limits, resource));
  const result = isChange ? changeLimit(process, resource, soft, hard) : 0;
  if (result !== 0 || userAddress(to) === 0) return result;
  store<u64>(limit, oldSoft);
  store<u64>(limit, oldHard, 8);
  return copyOut(to, limit, LIMIT64_SIZE);
}

/** getrusage(who, to): processor time and the most pages. */
export function getrusage(frame: TrapFrame): i32 {
  const who = <i32>frame.arg0;
  if (who !== RUSAGE_SELF && who !== RUSAGE_CHILDREN && who !== RUSAGE_THREAD) return -EINVAL;
  const process = currentProcess();
  if (who === RUSAGE_CHILDREN) {
    fillUsage(process.childUserTime, process.childSystemTime, process.childPages);
  } else {
    const only: Thread | null = who === RUSAGE_THREAD ? currentThread : null;
    const system = timeIn(process, only, true);
    fillUsage(timeIn(process, only, false), system, process.space!.mostPages);
  }
  return copyOut(userPointer(frame.arg1), usage, RUSAGE_SIZE);
}

/** Copies what a child that was waited for has used, its own children included. 0 or -EFAULT. */
export function sendUsage(child: Process, to: UserPointer): i32 {
  const user = processUserTime(child) + child.childUserTime;
  const system = processSystemTime(child) + child.childSystemTime;
  fillUsage(user, system, max(child.endPages, child.childPages));
  return copyOut(to, usage, RUSAGE_SIZE);
}

function fillUsage(user: u64, system: u64, pages: u32): void {
  memory.fill(usage, 0, RUSAGE_SIZE);
  putTime(usage, user, TimeForm.timeval);
  putTime(usage + RUSAGE_SYSTEM, system, TimeForm.timeval);
  store<u32>(usage, pages * KIB_PER_PAGE, RUSAGE_MAXRSS);
}

/** times(to): ticks since the start; those that were used, by children as well. */
export function times(frame: TrapFrame): i32 {
  const process = currentProcess();
  store<u32>(usage, ticksOf(processUserTime(process)));
  store<u32>(usage, ticksOf(processSystemTime(process)), 4);
  store<u32>(usage, ticksOf(process.childUserTime), TIMES_CHILDREN);
  store<u32>(usage, ticksOf(process.childSystemTime), TIMES_CHILDREN + 4);
  const to = userPointer(frame.arg0);
  const result = userAddress(to) === 0 ? 0 : copyOut(to, usage, TIMES_SIZE);
  // A positive number, as -EFAULT and its like are not.
  return result !== 0 ? result : <i32>(currentTick() & i32.MAX_VALUE);
}

/** sched_getaffinity(pid, size, to): there is one processor. Returns the bytes of the mask. */
export function schedGetaffinity(frame: TrapFrame): i32 {
  if (frame.arg1 < MASK_SIZE || (frame.arg1 & (MASK_SIZE - 1)) !== 0) return -EINVAL;
  if (frame.arg0 !== 0 && findProcess(frame.arg0) === null) return -ESRCH;
  store<u32>(mask, FIRST_PROCESSOR);
  const result = copyOut(userPointer(frame.arg2), mask, MASK_SIZE);
  return result !== 0 ? result : <i32>MASK_SIZE;
}

/** sched_setaffinity(thread, size, from): the one processor must be among those. */
export function schedSetaffinity(frame: TrapFrame): i32 {
  const size = min<u32>(frame.arg1, MASK_SIZE);
  store<u32>(mask, 0);
  if (copyIn(userPointer(frame.arg2), mask, size) !== 0) return -EFAULT;
  const thread = frame.arg0 === 0 ? currentThread : findThread(frame.arg0);
  if (thread === null) return -ESRCH;
  if (!mayReschedule(processOf(thread))) return -EPERM;
  return (load<u32>(mask) & FIRST_PROCESSOR) !== 0 ? 0 : -EINVAL;
}

function sendLimit(resource: u32, to: UserPointer, infinity: u32): i32 {
  if (resource >= RLIMITS) return -EINVAL;
  const limits = currentProcess().limits;
  store<u32>(limit, min<u32>(softLimit(limits, resource), infinity));
  store<u32>(limit, min<u32>(hardLimit(limits, resource), infinity), 4);
  return copyOut(to, limit, LIMIT_SIZE);
}

function changeLimit(process: Process, resource: u32, soft: u32, hard: u32): i32 {
  if (resource >= RLIMITS || soft > hard) return -EINVAL;
  if (resource === RLIMIT_NOFILE && hard > LARGEST_COUNT) return -EPERM;
  const isRaised = hard > hardLimit(process.limits, resource);
  if (isRaised && !currentCredentials().has(CAP_SYS_RESOURCE)) return -EPERM;
  setLimit(process.limits, resource, soft, hard);
  const space = process.space;
  if (space !== null) applyLimits(process.limits, space);
  if (resource === RLIMIT_NOFILE) limitFiles(process, soft);
  return 0;
}

function limitFiles(process: Process, count: u32): void {
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    const files = filesOf(thread);
    if (files !== null) files.limit = count;
  }
}

/** Limits have 32 bits, as all sizes here. */
function narrow(value: u64): u32 {
  return <u32>min<u64>(value, RLIM_INFINITY);
}

function widen(value: u32): u64 {
  return value === RLIM_INFINITY ? u64.MAX_VALUE : <u64>value;
}
