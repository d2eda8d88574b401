// System calls about signals.
//
//   struct of rt_sigaction   0 handler   4 flags   8 restorer   12 mask (8)
//   struct of sigaction      0 handler   4 mask (4)   8 flags   12 restorer
//   stack_t                  0 address   4 flags   8 size

import {
  EAGAIN,
  EFAULT,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  ERESTARTNOHAND,
  ESRCH,
} from "../../src/abi/errno";
import { SIGINFO_CODE, SIGINFO_SIZE, SIGINFO_VALUE } from "../../src/abi/signal-frame";
import {
  MINSIGSTKSZ,
  SA_NODEFER,
  SA_RESETHAND,
  SI_TKILL,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGNAL_MAX,
  SIGSEGV,
  SS_DISABLE,
  SS_ONSTACK,
  signaledStatus,
} from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { maySignal } from "../process/access";
import { exitProcess } from "../process/exit";
import {
  chooseSignal,
  dropPending,
  pendingFor,
  signalBit,
  takenNote,
  takePending,
} from "../process/pending-signals";
import { currentProcess, findProcess, firstProcess } from "../process/process";
import {
  killGroup,
  killProcess,
  killThreadWith,
  killWith,
  lendSignalMask,
  noticeSignals,
  setSignalMask,
  UNBLOCKABLE,
} from "../process/signal";
import {
  isFree,
  isIgnored,
  SignalAction,
  setSignalAction,
  signalAction,
} from "../process/signal-actions";
import { findThread, processOf } from "../process/thread-group";
import {
  putAlternativeStack,
  putInfo,
  restoredMask,
  restoredStack,
  takeLongSignalFrame,
  takeSignalFrame,
} from "../program/signal-frame";
import { block, sleepUntil } from "../thread/schedule";
import { currentThread, ThreadState } from "../thread/thread";
import { NEVER } from "../thread/timer";
import { readUptime } from "../thread/uptime";
import { deadlineIn, TimeForm, takenTime, takeTime } from "./time-value";

const SET_SIZE: u32 = 8;
const RT_ACTION_SIZE: u32 = 20;
const OLD_ACTION_SIZE: u32 = 16;
const STACK_SIZE: u32 = 12;

const words: usize = memory.data(32, 8);
const info: usize = memory.data(SIGINFO_SIZE, 8);
const wanted = changetype<SignalAction>(memory.data(offsetof<SignalAction>(), 8));

/** kill(pid, signal): > 0 that process, 0 the own group, -1 all others, < -1 that group. */
export function kill(frame: TrapFrame): i32 {
  const pid = <i32>frame.arg0;
  const signal = frame.arg1;
  if (signal > SIGNAL_MAX) return -EINVAL;
  if (pid > 0) return killOne(<u32>pid, signal);
  if (pid === -1) return killOthers(signal);
  if (pid === i32.MIN_VALUE) return -ESRCH;
  return killGroup(pid === 0 ? currentProcess().group : <u32>-pid, signal);
}

/** tkill(thread, signal) */
export function tkill(frame: TrapFrame): i32 {
  return killThread(0, <i32>frame.arg0, frame.arg1);
}

/** tgkill(process, thread, signal) */
export function tgkill(frame: TrapFrame): i32 {
  if (<i32>frame.arg0 <= 0) return -EINVAL;
  return killThread(frame.arg0, <i32>frame.arg1, frame.arg2);
}

/** rt_tgsigqueueinfo(process, thread, signal, info) */
export function rtTgsigqueueinfo(frame: TrapFrame): i32 {
  const id = <i32>frame.arg1;
  const signal = frame.arg2;
  if (copyIn(userPointer(frame.arg3), info, SIGINFO_SIZE) !== 0) return -EFAULT;
  if (<i32>frame.arg0 <= 0 || id <= 0) return -EINVAL;
  const code = load<i32>(info, SIGINFO_CODE);
  const thread = findThread(<u32>id);
  const isOwn = thread !== null && processOf(thread) === currentProcess();
  // Nobody may pretend to be the kernel, or tkill.
  if ((code >= 0 || code === SI_TKILL) && !isOwn) return -EPERM;
  if (thread === null || thread.state === ThreadState.ended) return -ESRCH;
  if (processOf(thread).pid !== frame.arg0) return -ESRCH;
  if (signal > SIGNAL_MAX) return -EINVAL;
  if (!maySignal(processOf(thread), signal)) return -EPERM;
  return killThreadWith(thread, signal, code, load<u32>(info, SIGINFO_VALUE));
}

/** rt_sigqueueinfo(thread, signal, info): its process gets the signal. */
export function rtSigqueueinfo(frame: TrapFrame): i32 {
  return queueSignal(frame.arg0, frame.arg1, userPointer(frame.arg2), false);
}

/**
 * Sends a signal with what is said of it at `from`, which names it as well if it `isNamed`, to the
 * process of a thread: 0 or -errno.
 */
export function queueSignal(id: u32, signal: u32, from: UserPointer, isNamed: bool): i32 {
  const thread = findThread(id);
  if (copyIn(from, info, SIGINFO_SIZE) !== 0) return -EFAULT;
  const code = load<i32>(info, SIGINFO_CODE);
  if (signal > SIGNAL_MAX || (isNamed && load<u32>(info) !== signal)) return -EINVAL;
  const process = thread !== null ? processOf(thread) : null;
  // Nobody may pretend to be the kernel.
  if ((code >= 0 || code === SI_TKILL) && process !== currentProcess()) return -EPERM;
  if (process === null) return -ESRCH;
  if (!maySignal(process, signal)) return -EPERM;
  return killWith(process, signal, code, load<u32>(info, SIGINFO_VALUE));
}

/** rt_sigaction(signal, new, old, size of a set) */
export function rtSigaction(frame: TrapFrame): i32 {
  const made = userPointer(frame.arg1);
  if (frame.arg3 !== SET_SIZE) return -EINVAL;
  const signal = frame.arg0;
  const result = checkAction(signal, made, RT_ACTION_SIZE);
  if (result !== 0) return result;
  wanted.handler = load<u32>(words);
  wanted.flags = load<u32>(words, 4);
  wanted.restorer = load<u32>(words, 8);
  wanted.mask = load<u64>(words, 12);
  const before = signalAction(currentProcess(), signal);
  store<u32>(words, before.handler);
  store<u32>(words, before.flags, 4);
  store<u32>(words, before.restorer, 8);
  store<u64>(words, before.mask, 12);
  return exchangeAction(signal, made, userPointer(frame.arg2), RT_ACTION_SIZE);
}

/** sigaction(signal, new, old) */
export function sigaction(frame: TrapFrame): i32 {
  const made = userPointer(frame.arg1);
  const signal = frame.arg0;
  const result = checkAction(signal, made, OLD_ACTION_SIZE);
  if (result !== 0) return result;
  wanted.handler = load<u32>(words);
  wanted.mask = load<u32>(words, 4);
  wanted.flags = load<u32>(words, 8);
  wanted.restorer = load<u32>(words, 12);
  const before = signalAction(currentProcess(), signal);
  store<u32>(words, before.handler);
  store<u32>(words, <u32>before.mask, 4);
  store<u32>(words, before.flags, 8);
  store<u32>(words, before.restorer, 12);
  return exchangeAction(signal, made, userPointer(frame.arg2), OLD_ACTION_SIZE);
}

/** signal(signal, handler): returns the handler before. */
export function signal(frame: TrapFrame): i32 {
  const number = frame.arg0;
  if (number === 0 || number > SIGNAL_MAX || !isFree(number)) return -EINVAL;
  const before = signalAction(currentProcess(), number).handler;
  memory.fill(changetype<usize>(wanted), 0, offsetof<SignalAction>());
  wanted.handler = frame.arg1;
  wanted.flags = SA_RESETHAND | SA_NODEFER;
  const result = applyAction(number);
  return result !== 0 ? result : <i32>before;
}

/** rt_sigprocmask(how, new, old, size of a set) */
export function rtSigprocmask(frame: TrapFrame): i32 {
  if (frame.arg3 !== SET_SIZE) return -EINVAL;
  return changeMask(frame, 8);
}

/** sigprocmask(how, new, old): the first 32 signals. */
export function sigprocmask(frame: TrapFrame): i32 {
  return changeMask(frame, 4);
}

/** sgetmask(): the first 32 signals that are blocked. */
export function sgetmask(_frame: TrapFrame): i32 {
  return <i32>currentThread.signalMask;
}

/** ssetmask(mask): blocks those signals and no others; which there were, of the first 32. */
export function ssetmask(frame: TrapFrame): i32 {
  const before = <i32>currentThread.signalMask;
  setSignalMask(<u64>frame.arg0);
  return before;
}

/** rt_sigpending(to, size of a set) */
export function rtSigpending(frame: TrapFrame): i32 {
  if (frame.arg1 > SET_SIZE) return -EINVAL;
  store<u64>(words, pendingFor(currentProcess(), currentThread) & currentThread.signalMask);
  return copyOut(userPointer(frame.arg0), words, frame.arg1);
}

/** sigpending(to) */
export function sigpending(frame: TrapFrame): i32 {
  store<u64>(words, pendingFor(currentProcess(), currentThread) & currentThread.signalMask);
  return copyOut(userPointer(frame.arg0), words, 4);
}

/** rt_sigsuspend(mask, size of a set): waits for a signal with that mask. */
export function rtSigsuspend(frame: TrapFrame): i32 {
  if (frame.arg1 !== SET_SIZE) return -EINVAL;
  const result = copyIn(userPointer(frame.arg0), words, SET_SIZE);
  return result !== 0 ? result : waitWithMask(load<u64>(words));
}

/** sigsuspend(-, -, mask) */
export function sigsuspend(frame: TrapFrame): i32 {
  return waitWithMask(<u64>frame.arg2);
}

/** pause() */
export function pause(_frame: TrapFrame): i32 {
  while (block() === 0) {}
  return -ERESTARTNOHAND;
}

/** rt_sigtimedwait(set, info, timeout, size of a set): the signal that came, or -EAGAIN. */
export function rtSigtimedwait(frame: TrapFrame): i32 {
  return waitForSet(frame, TimeForm.timespec);
}

/** rt_sigtimedwait_time64(set, info, timeout, size of a set) */
export function rtSigtimedwait64(frame: TrapFrame): i32 {
  return waitForSet(frame, TimeForm.timespec64);
}

function waitForSet(frame: TrapFrame, form: TimeForm): i32 {
  if (frame.arg3 !== SET_SIZE) return -EINVAL;
  if (copyIn(userPointer(frame.arg0), words, SET_SIZE) !== 0) return -EFAULT;
  const set = load<u64>(words) & ~UNBLOCKABLE;
  const timeout = userPointer(frame.arg2);
  let deadline = NEVER;
  if (userAddress(timeout) !== 0) {
    const result = takeTime(timeout, form);
    if (result !== 0) return result;
    deadline = deadlineIn(takenTime);
  }
  return waitForSignal(set, userPointer(frame.arg1), deadline);
}

/** sigaltstack(new, old) */
export function sigaltstack(frame: TrapFrame): i32 {
  const thread = currentThread;
  const made = userPointer(frame.arg0);
  const old = userPointer(frame.arg1);
  putAlternativeStack(words + STACK_SIZE, thread, frame.esp);
  if (userAddress(made) !== 0) {
    if (copyIn(made, words, STACK_SIZE) !== 0) return -EFAULT;
    const result = setAlternativeStack(frame.esp);
    if (result !== 0) return result;
  }
  return userAddress(old) === 0 ? 0 : copyOut(old, words + STACK_SIZE, STACK_SIZE);
}

/** sigreturn(): the frame is where the handler's stack began; its code took two words off. */
export function sigreturn(frame: TrapFrame): i32 {
  const result = takeSignalFrame(frame, frame.esp - 8);
  return finishReturn(frame, result, false);
}

/** rt_sigreturn() */
export function rtSigreturn(frame: TrapFrame): i32 {
  const result = takeLongSignalFrame(frame, frame.esp - 4);
  return finishReturn(frame, result, true);
}

/** Sends a process a signal, 0: none: 0 or -errno. */
export function killOne(pid: u32, signal: u32): i32 {
  const process = findProcess(pid);
  if (process === null) return -ESRCH;
  if (!maySignal(process, signal)) return -EPERM;
  killProcess(process, signal);
  return 0;
}

/** Every process but 1 and the caller. */
function killOthers(signal: u32): i32 {
  let result: i32 = -ESRCH;
  let process = firstProcess();
  while (process !== null) {
    if (process.pid !== 1 && process !== currentProcess() && !process.isZombie) {
      if (maySignal(process, signal)) {
        killProcess(process, signal);
        result = 0;
      } else if (result !== 0) result = -EPERM;
    }
    process = process.next;
  }
  return result;
}

/** Signals a thread, of process `pid` if that is not 0. */
function killThread(pid: u32, id: i32, signal: u32): i32 {
  if (id <= 0) return -EINVAL;
  const thread = findThread(<u32>id);
  if (thread === null || thread.state === ThreadState.ended) return -ESRCH;
  if (pid !== 0 && processOf(thread).pid !== pid) return -ESRCH;
  if (signal > SIGNAL_MAX) return -EINVAL;
  if (!maySignal(processOf(thread), signal)) return -EPERM;
  return killThreadWith(thread, signal, SI_TKILL, 0);
}

/** Reads what a new action is to be into `words`, if there is one. 0 or -errno. */
function checkAction(number: u32, made: UserPointer, size: u32): i32 {
  const isChange = userAddress(made) !== 0;
  if (isChange && copyIn(made, words, size) !== 0) return -EFAULT;
  if (number === 0 || number > SIGNAL_MAX) return -EINVAL;
  return !isChange || isFree(number) ? 0 : -EINVAL;
}

/** Sets the action in `wanted` if there is one, and sends the one before, which is in `words`. */
function exchangeAction(number: u32, made: UserPointer, old: UserPointer, size: u32): i32 {
  if (userAddress(made) !== 0) {
    const result = applyAction(number);
    if (result !== 0) return result;
  }
  return userAddress(old) === 0 ? 0 : copyOut(old, words, size);
}

function applyAction(number: u32): i32 {
  const process = currentProcess();
  wanted.mask &= ~UNBLOCKABLE;
  if (!setSignalAction(process, number, wanted)) return -ENOMEM;
  if (isIgnored(process, number)) dropPending(process, signalBit(number));
  noticeSignals();
  return 0;
}

function changeMask(frame: TrapFrame, size: u32): i32 {
  const thread = currentThread;
  const before = thread.signalMask;
  const made = userPointer(frame.arg1);
  const old = userPointer(frame.arg2);
  if (userAddress(made) !== 0) {
    store<u64>(words, 0);
    if (copyIn(made, words, size) !== 0) return -EFAULT;
    const given = load<u64>(words);
    const kept: u64 = size === 8 ? 0 : before & ~(<u64>u32.MAX_VALUE);
    if (frame.arg0 === SIG_BLOCK) setSignalMask(before | given);
    else if (frame.arg0 === SIG_UNBLOCK) setSignalMask(before & ~given);
    else if (frame.arg0 === SIG_SETMASK) setSignalMask(given | kept);
    else return -EINVAL;
  }
  store<u64>(words, before);
  return userAddress(old) === 0 ? 0 : copyOut(old, words, size);
}

function waitWithMask(mask: u64): i32 {
  lendSignalMask(mask);
  while (block() === 0) {}
  return -ERESTARTNOHAND;
}

/** Waits until a signal of `set`, which is blocked, is pending, and takes it. */
function waitForSignal(set: u64, to: UserPointer, deadline: u64): i32 {
  const process = currentProcess();
  const thread = currentThread;
  const mask = thread.signalMask;
  // While it waits, signals of the set wake it; none of them is delivered.
  thread.signalMask = mask & ~set;
  thread.awaitedSignals = set;
  chooseSignal(process, thread);
  let result: i32 = 0;
  while ((pendingFor(process, thread) & set) === 0 && result === 0) {
    if (deadline === NEVER) result = block();
    else result = readUptime() >= deadline ? -EAGAIN : sleepUntil(deadline);
  }
  thread.awaitedSignals = 0;
  const ready = pendingFor(process, thread) & set;
  if (ready === 0) {
    setSignalMask(mask);
    return result === -EAGAIN ? -EAGAIN : -EINTR;
  }
  const number = 1 + <u32>ctz<u64>(ready);
  takePending(process, thread, number);
  setSignalMask(mask);
  if (userAddress(to) === 0) return <i32>number;
  memory.fill(info, 0, SIGINFO_SIZE);
  putInfo(info, takenNote);
  const sent = copyOut(to, info, SIGINFO_SIZE);
  return sent !== 0 ? sent : <i32>number;
}

/** Sets what the stack_t in `words` says. */
function setAlternativeStack(esp: u32): i32 {
  const thread = currentThread;
  const flags = load<u32>(words, 4);
  const size = load<u32>(words, 8);
  if (thread.isOnAlternativeStack(esp)) return -EPERM;
  if ((flags & ~(SS_DISABLE | SS_ONSTACK)) !== 0) return -EINVAL;
  const isOff = (flags & SS_DISABLE) !== 0;
  if (!isOff && size < MINSIGSTKSZ) return -ENOMEM;
  thread.alternativeStack = isOff ? 0 : load<u32>(words);
  thread.alternativeSize = isOff ? 0 : size;
  return 0;
}

/** A frame that cannot be read ends the program, as a stack that is gone does. */
function finishReturn(frame: TrapFrame, result: i32, hasStack: bool): i32 {
  if (result !== 0) {
    exitProcess(signaledStatus(SIGSEGV));
    return 0;
  }
  setSignalMask(restoredMask);
  if (hasStack) {
    memory.copy(words, restoredStack, STACK_SIZE);
    store<u32>(words, load<u32>(words, 4) & ~SS_ONSTACK, 4);
    setAlternativeStack(frame.esp);
  }
  return <i32>frame.eax;
}
