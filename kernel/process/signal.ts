// Sending signals. See signal(7) and kill(2).
//
//   sendSignal -> pending (pending-signals.ts) -> delivered on the way to user mode
//                                                 (trap/deliver-signal.ts)
//
// A signal is for a process, of which any thread takes it that does not block it, or for one
// thread. A thread that waits in a call is woken, and the call gives -ERESTARTSYS or -EINTR. A
// signal that would do nothing is not even noted: it must not interrupt a call.

import { EAGAIN, EPERM, ESRCH } from "../../src/abi/errno";
import {
  CLD_CONTINUED,
  isStopSignal,
  SA_NOCLDSTOP,
  SI_KERNEL,
  SI_USER,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
} from "../../src/abi/signals";
import { currentCredentials } from "../thread/credentials";
import { requestUserReturnWork, wake, wakeAll } from "../thread/schedule";
import { currentThread, Thread, ThreadState } from "../thread/thread";
import { maySignal } from "./access";
import {
  addPending,
  addThreadPending,
  chooseSignal,
  dropPending,
  signalBit,
} from "./pending-signals";
import { currentProcess, firstProcess, Process } from "./process";
import { isHandled, isIgnored, signalAction } from "./signal-actions";
import { SignalNote } from "./signal-note";

const STOPS: u64 =
  ((<u64>1) << (SIGSTOP - 1)) |
  ((<u64>1) << (SIGTSTP - 1)) |
  ((<u64>1) << (SIGTTIN - 1)) |
  ((<u64>1) << (SIGTTOU - 1));

/** What no mask blocks. */
export const UNBLOCKABLE: u64 = ((<u64>1) << (SIGKILL - 1)) | ((<u64>1) << (SIGSTOP - 1));

const sent = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));
const childNote = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));

/** A signal that the kernel itself sends. */
export function sendSignal(process: Process, signal: u32): void {
  sendNote(process, noteOf(signal, SI_KERNEL, 0));
}

/** A signal that the kernel sends to the running thread, for what that did. */
export function signalThread(signal: u32): void {
  sendThreadNote(currentThread, noteOf(signal, SI_KERNEL, 0));
}

/** The note of a signal, to be sent at once: the next call has the same record. */
export function noteOf(signal: u32, code: i32, value: u32): SignalNote {
  sent.signal = signal;
  sent.code = code;
  sent.value = value;
  sent.pid = 0;
  sent.user = 0;
  if (code === SI_KERNEL) return sent;
  sent.pid = currentProcess().pid;
  sent.user = currentCredentials().user;
  return sent;
}

/** Sends a signal with what comes with it: 0, or -EAGAIN if so many are pending that it is lost. */
export function sendNote(process: Process, note: SignalNote): i32 {
  if (!prepareFor(process, process.thread, note.signal)) return 0;
  if (!addPending(process, note)) return -EAGAIN;
  tellReaders(process);
  if (note.signal === SIGKILL) {
    noticeInAll(process);
    return 0;
  }
  const thread = willingThread(process, signalBit(note.signal));
  if (thread !== null) noticeIn(process, thread);
  return 0;
}

/** As sendNote(), to one thread. */
export function sendThreadNote(thread: Thread, note: SignalNote): i32 {
  const process = changetype<Process>(thread.owner);
  if (thread.state === ThreadState.ended) return 0;
  if (!prepareFor(process, thread, note.signal)) return 0;
  if (!addThreadPending(thread, note)) return -EAGAIN;
  tellReaders(process);
  noticeIn(process, thread);
  return 0;
}

/** Those who read signals as from a file look again. */
function tellReaders(process: Process): void {
  if (!process.signalWaiters.isEmpty()) wakeAll(process.signalWaiters);
}

/** Does what a signal does by being sent. False: that was all. */
function prepareFor(process: Process, thread: Thread, signal: u32): bool {
  if (process.isZombie) return false;
  if (isStopSignal(signal)) dropPending(process, signalBit(SIGCONT));
  if (signal === SIGCONT || signal === SIGKILL) continueProcess(process, signal === SIGCONT);
  const kept = thread.signalMask | thread.awaitedSignals;
  const isBlocked = (kept & signalBit(signal)) !== 0;
  return isBlocked || !isIgnored(process, signal);
}

/** A thread that takes such a signal: the first if it does, then one with nothing else to take. */
function willingThread(process: Process, bit: u64): Thread | null {
  let willing: Thread | null = null;
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    if (thread.state === ThreadState.ended || (thread.signalMask & bit) !== 0) continue;
    if (thread.pendingSignal === 0) return thread;
    if (willing === null) willing = thread;
  }
  return willing;
}

/** The pending signals of a thread, or its mask, have changed: it sees to them. */
function noticeIn(process: Process, thread: Thread): void {
  chooseSignal(process, thread);
  if (thread.pendingSignal === 0) return;
  // The machine may idle on the stack of a thread that is blocked, so it may be both.
  if (thread === currentThread) requestUserReturnWork();
  if (!process.isStopped || thread.pendingSignal === SIGKILL) wake(thread);
}

/** Something has changed for every thread of a process: those that live see to it. */
export function noticeInAll(process: Process): void {
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    if (thread.state !== ThreadState.ended) noticeIn(process, thread);
  }
}

/** The running thread's pending signals, or its mask, have changed: it sees to them. */
export function noticeSignals(): void {
  noticeIn(currentProcess(), currentThread);
}

/**
 * What is pending for the process and not taken by the running thread, which blocks it now or ends:
 * other threads see to it.
 */
export function leaveSignals(): void {
  const process = currentProcess();
  if (process.pending === 0 || process.livingThreads === 1) return;
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    const isOther = thread !== currentThread && thread.state !== ThreadState.ended;
    if (isOther && (process.pending & ~thread.signalMask) !== 0) noticeIn(process, thread);
  }
}

/**
 * Blocks the signals of `mask` in the running thread, as far as they can be blocked. What this
 * unblocks is delivered on the way back to user mode.
 */
export function setSignalMask(mask: u64): void {
  currentThread.signalMask = mask & ~UNBLOCKABLE;
  noticeSignals();
  leaveSignals();
}

/**
 * Gives the running thread another mask for the time of a call: until returnSignalMask(), or until
 * the handler of a signal that ends the call has run.
 */
export function lendSignalMask(mask: u64): void {
  const thread = currentThread;
  thread.savedMask = thread.signalMask;
  thread.hasSavedMask = true;
  setSignalMask(mask);
}

/** The mask that was lent, if one was, goes back for the thread's own. */
export function returnSignalMask(): void {
  const thread = currentThread;
  if (!thread.hasSavedMask) return;
  thread.hasSavedMask = false;
  setSignalMask(thread.savedMask);
}

/**
 * A stopped process runs on, and its parent is told of that unless it is the end; what would stop
 * it is forgotten.
 */
function continueProcess(process: Process, isTold: bool): void {
  dropPending(process, STOPS);
  if (!process.isStopped) return;
  process.isStopped = false;
  process.wasContinued = isTold;
  process.stopSignal = 0;
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    if (thread.state === ThreadState.ended) continue;
    chooseSignal(process, thread);
    if (thread.isStopped || thread.pendingSignal !== 0) wake(thread);
  }
  if (isTold) tellParent(process, CLD_CONTINUED, SIGCONT);
}

/** Tells the parent that a child stopped or runs on, by which signal: it may wait for that. */
export function tellParent(process: Process, code: i32, signal: u32): void {
  const parent = process.parent;
  if (parent === null) return;
  wakeAll(parent.waiters);
  if ((signalAction(parent, SIGCHLD).flags & SA_NOCLDSTOP) !== 0) return;
  childNote.signal = SIGCHLD;
  childNote.code = code;
  childNote.pid = process.pid;
  childNote.value = signal;
  sendNote(parent, childNote);
}

/**
 * kill(2): as sendSignal, but process 1 gets from others only what it has a handler for or blocks,
 * and signal 0 does nothing: it asks whether the process exists.
 */
export function killProcess(process: Process, signal: u32): void {
  killWith(process, signal, SI_USER, 0);
}

/** As killProcess(), with why and what is sent along: 0, or -EAGAIN if too many are pending. */
export function killWith(process: Process, signal: u32, code: i32, value: u32): i32 {
  if (signal === 0 || isSpared(process, signal)) return 0;
  return sendNote(process, noteOf(signal, code, value));
}

/** As killWith(), of one thread. */
export function killThreadWith(thread: Thread, signal: u32, code: i32, value: u32): i32 {
  if (signal === 0 || isSpared(changetype<Process>(thread.owner), signal)) return 0;
  return sendThreadNote(thread, noteOf(signal, code, value));
}

function isSpared(process: Process, signal: u32): bool {
  if (process.pid !== 1 || process === currentProcess()) return false;
  const isBlocked = (process.thread.signalMask & signalBit(signal)) !== 0;
  return !isBlocked && !isHandled(process, signal);
}

/** Kills what it may of `group`: 0, -EPERM if it may none, -ESRCH if there is none. */
export function killGroup(group: u32, signal: u32): i32 {
  let result: i32 = -ESRCH;
  let process = firstProcess();
  while (process !== null) {
    if (process.group === group && !process.isZombie) {
      if (maySignal(process, signal)) {
        killProcess(process, signal);
        result = 0;
      } else if (result !== 0) result = -EPERM;
    }
    process = process.next;
  }
  return result;
}
