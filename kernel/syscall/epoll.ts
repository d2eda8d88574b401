// System calls of epoll(7).

import { EBADF, EEXIST, EFAULT, EINTR, EINVAL, ENOENT, ENOMEM, EPERM } from "../../src/abi/errno";
import { O_PATH } from "../../src/abi/files";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_EVENT_DATA,
  EPOLL_EVENT_SIZE,
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLWAKEUP,
} from "../../src/abi/linux/epoll";
import { holdFile } from "../file/held-file";
import { OpenFile } from "../file/open-file";
import {
  hasTooManyWays,
  interestsOf,
  nestingRefusal,
  openEpoll,
} from "../filesystem/event/epoll-file";
import { ALWAYS_TOLD, InterestList } from "../filesystem/event/interest";
import { TrapFrame } from "../machine/i686/trap-frame";
import {
  copyIn,
  copyOut,
  isUserRange,
  UserPointer,
  userAddress,
  userPointer,
} from "../memory/user-memory";
import { sleepOnUntil } from "../thread/schedule";
import { NEVER } from "../thread/timer";
import { readUptime } from "../thread/uptime";
import { describe, fileArgument } from "./descriptor";
import { lendMask, takeMaskBack } from "./lent-mask";
import { deadlineIn, TimeForm, takenTime, takeTime } from "./time-value";

const NANOSECONDS_PER_MILLISECOND: u32 = 1000000;
const MOST_EVENTS: u32 = <u32>i32.MAX_VALUE / EPOLL_EVENT_SIZE;
/** What may be asked for together with EPOLLEXCLUSIVE. */
const EXCLUSIVE_EVENTS: u32 =
  EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

/** A struct epoll_event. */
const event: usize = memory.data(EPOLL_EVENT_SIZE, 4);

/** epoll_create(size): the size says nothing, but it must be positive. */
export function epollCreate(frame: TrapFrame): i32 {
  return <i32>frame.arg0 <= 0 ? -EINVAL : create(0);
}

/** epoll_create1(flags) */
export function epollCreate1(frame: TrapFrame): i32 {
  return (frame.arg0 & ~EPOLL_CLOEXEC) !== 0 ? -EINVAL : create(frame.arg0);
}

function create(flags: u32): i32 {
  return describe(openEpoll(), flags);
}

/** epoll_ctl(epoll, operation, file, event) */
export function epollCtl(frame: TrapFrame): i32 {
  const operation = frame.arg1;
  const descriptor = frame.arg2;
  if (operation !== EPOLL_CTL_DEL) {
    if (copyIn(userPointer(frame.arg3), event, EPOLL_EVENT_SIZE) !== 0) return -EFAULT;
  }
  const epoll = fileArgument(frame.arg0);
  const file = fileArgument(descriptor);
  if (epoll === null || file === null || (file.flags & O_PATH) !== 0) return -EBADF;
  if (file.operations.poll === 0) return -EPERM;
  const list = interestsOf(epoll);
  if (list === null || file === epoll) return -EINVAL;
  const events = load<u32>(event);
  if (operation !== EPOLL_CTL_DEL && (events & EPOLLEXCLUSIVE) !== 0) {
    if (operation === EPOLL_CTL_MOD || (events & ~EXCLUSIVE_EVENTS) !== 0) return -EINVAL;
    if (interestsOf(file) !== null) return -EINVAL;
  }
  switch (operation) {
    case EPOLL_CTL_ADD:
      return add(list, file, descriptor);
    case EPOLL_CTL_MOD:
      return change(list, file, descriptor);
    case EPOLL_CTL_DEL:
      return remove(list, file, descriptor);
    default:
      return -EINVAL;
  }
}

function add(list: InterestList, file: OpenFile, descriptor: u32): i32 {
  const refusal = nestingRefusal(list, file);
  if (refusal !== 0) return refusal;
  if (list.find(file, descriptor) !== null) return -EEXIST;
  const interest = list.add(file, descriptor);
  if (interest === null) return -ENOMEM;
  interest.events = load<u32>(event) | ALWAYS_TOLD;
  interest.data = load<u64>(event, EPOLL_EVENT_DATA);
  const result = hasTooManyWays(list, file) ? -EINVAL : interest.watch() ? 0 : -ENOMEM;
  if (result !== 0) list.remove(interest);
  return result;
}

function change(list: InterestList, file: OpenFile, descriptor: u32): i32 {
  const interest = list.find(file, descriptor);
  if (interest === null) return -ENOENT;
  if ((interest.events & EPOLLEXCLUSIVE) !== 0) return -EINVAL;
  interest.change(load<u32>(event) | ALWAYS_TOLD, load<u64>(event, EPOLL_EVENT_DATA));
  return 0;
}

function remove(list: InterestList, file: OpenFile, descriptor: u32): i32 {
  const interest = list.find(file, descriptor);
  if (interest === null) return -ENOENT;
  list.remove(interest);
  return 0;
}

/** epoll_wait(epoll, events, count, milliseconds): < 0 is for ever. */
export function epollWait(frame: TrapFrame): i32 {
  return wait(frame, deadlineOf(<i32>frame.arg3));
}

/** epoll_pwait(epoll, events, count, milliseconds, mask, size of a set) */
export function epollPwait(frame: TrapFrame): i32 {
  const result = lendMask(userPointer(frame.arg4), frame.arg5);
  return result !== 0 ? result : takeMaskBack(wait(frame, deadlineOf(<i32>frame.arg3)));
}

/** epoll_pwait2(epoll, events, count, timespec64, mask, size of a set) */
export function epollPwait2(frame: TrapFrame): i32 {
  const timeout = userPointer(frame.arg3);
  let deadline = NEVER;
  if (userAddress(timeout) !== 0) {
    const wrong = takeTime(timeout, TimeForm.timespec64);
    if (wrong !== 0) return wrong;
    deadline = takenTime === 0 ? 0 : deadlineIn(takenTime);
  }
  const result = lendMask(userPointer(frame.arg4), frame.arg5);
  return result !== 0 ? result : takeMaskBack(wait(frame, deadline));
}

/** 0: does not wait. */
function deadlineOf(milliseconds: i32): u64 {
  if (milliseconds < 0) return NEVER;
  return milliseconds === 0 ? 0 : deadlineIn(<u64>milliseconds * NANOSECONDS_PER_MILLISECOND);
}

function wait(frame: TrapFrame, deadline: u64): i32 {
  const most = frame.arg2;
  if (most === 0 || most > MOST_EVENTS) return -EINVAL;
  if (!isUserRange(frame.arg1, most * EPOLL_EVENT_SIZE)) return -EFAULT;
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const list = interestsOf(file);
  if (list === null) return -EINVAL;
  holdFile(file);
  return waitForEvents(list, userPointer(frame.arg1), most, deadline);
}

/** How many events were sent, at least one unless the deadline has come; or -errno. */
function waitForEvents(list: InterestList, to: UserPointer, most: u32, deadline: u64): i32 {
  while (true) {
    const count = sendEvents(list, to, most);
    if (count !== 0 || deadline === 0) return count;
    if (deadline !== NEVER && deadline <= readUptime()) return 0;
    if (sleepOnUntil(list.waiters, deadline) !== 0) return -EINTR;
  }
}

/** Sends what has happened: how many events, or -EFAULT. */
function sendEvents(list: InterestList, to: UserPointer, most: u32): i32 {
  // Each interest is looked at once, though some stay ready.
  const last = list.lastReady;
  let count: u32 = 0;
  let isLast = last === null;
  while (!isLast && count < most) {
    const interest = list.firstReady!;
    isLast = interest === last;
    list.dropReady(interest);
    const found = interest.happened();
    if (found === 0) continue;
    store<u32>(event, found);
    store<u64>(event, interest.data, EPOLL_EVENT_DATA);
    if (copyOut(to.plus(count * EPOLL_EVENT_SIZE), event, EPOLL_EVENT_SIZE) !== 0) {
      list.addReady(interest);
      return count !== 0 ? <i32>count : -EFAULT;
    }
    count++;
    if (interest.isOneShot) interest.disable();
    else if (!interest.isEdgeTriggered) list.addReady(interest);
  }
  return <i32>count;
}
