// Delivering signals: what happens to a thread with a pending signal before it returns to user
// mode.
//
//   take the signal -> ignore it, end, stop, or run a handler
//
// A call that was interrupted (its result is -ERESTARTSYS) is tried again if no handler runs, or
// one that was set with SA_RESTART: EIP goes back over `int 0x80`, and EAX gets the number again,
// which the trampoline kept in the frame. Otherwise its result becomes -EINTR. One that gives
// -ERESTARTNOHAND is tried again only if no handler runs: a process was stopped and runs on, say.

import { VECTOR_SYSTEM_CALL } from "../../src/abi/descriptors";
import { EINTR, ERESTARTNOHAND, ERESTARTSYS } from "../../src/abi/errno";
import {
  CLD_STOPPED,
  isIgnoredByDefault,
  isStopSignal,
  SA_NODEFER,
  SA_RESETHAND,
  SA_RESTART,
  SI_TIMER,
  SIG_DFL,
  SIG_IGN,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  signaledStatus,
} from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import { exitProcess, exitThread } from "../process/exit";
import { isOrphaned } from "../process/job-control";
import {
  chooseSignal,
  mustEnd,
  signalBit,
  takenNote,
  takePending,
} from "../process/pending-signals";
import { currentProcess, Process } from "../process/process";
import { noticeSignal } from "../process/process-observer";
import { leaveSignals, noticeInAll, returnSignalMask, tellParent } from "../process/signal";
import { SignalAction, signalAction } from "../process/signal-actions";
import { buildSignalFrame } from "../program/signal-frame";
import { suspend } from "../thread/schedule";
import { currentThread } from "../thread/thread";

/** `int 0x80`. */
const INSTRUCTION_SIZE: u32 = 2;

/** Takes what is pending. Does not return if that ends the thread. */
export function deliverSignals(): void {
  const process = currentProcess();
  const thread = currentThread;
  while (thread.pendingSignal !== 0) {
    if (mustEnd(process, thread)) exitThread(0);
    const signal = thread.pendingSignal;
    if (process.isStopped && signal !== SIGKILL) {
      stayStopped(process);
      continue;
    }
    if (!takePending(process, thread, signal)) {
      // Another thread has taken what this one chose.
      chooseSignal(process, thread);
      continue;
    }
    noticeSignal(takenNote);
    if (runsHandler(process, signal)) return;
  }
  settleCall(thread.frame, false, 0);
  // A call that lent the thread another mask has ended without a handler.
  returnSignalMask();
}

/** Does what is to be done about a signal. True if a handler is to run: no other is taken then. */
function runsHandler(process: Process, signal: u32): bool {
  const action = signalAction(process, signal);
  const handler = action.handler;
  // A handler changes the mask: startHandler() chooses after that.
  if (handler === SIG_IGN || handler === SIG_DFL) chooseSignal(process, currentThread);
  if (handler === SIG_IGN) return false;
  if (handler === SIG_DFL) {
    if (isIgnoredByDefault(signal) || isSparedFirst(process, signal)) return false;
    if (!isStopSignal(signal)) exitProcess(signaledStatus(signal));
    stop(process, signal);
    return false;
  }
  startHandler(process, signal, action);
  return true;
}

/** Process 1 is not ended or stopped by what it said nothing about, but for its own doing. */
function isSparedFirst(process: Process, signal: u32): bool {
  if (process.pid !== 1) return false;
  if (isStopSignal(signal)) return true;
  const code = takenNote.code;
  return code <= 0 && code !== SI_TIMER && takenNote.pid !== process.pid;
}

function startHandler(process: Process, signal: u32, action: SignalAction): void {
  const thread = currentThread;
  const frame = thread.frame;
  settleCall(frame, true, action.flags);
  thread.resumedDeadline = 0;
  const mask = thread.hasSavedMask ? thread.savedMask : thread.signalMask;
  thread.hasSavedMask = false;
  const flags = action.flags;
  const result = buildSignalFrame(frame, action, takenNote, mask);
  if (result !== 0) {
    // There is no stack for the handler: as Linux does, the program ends with SIGSEGV.
    exitProcess(signaledStatus(signal === SIGKILL ? SIGKILL : SIGSEGV));
    return;
  }
  thread.signalMask |= action.mask;
  if ((flags & SA_NODEFER) === 0) thread.signalMask |= signalBit(signal);
  if ((flags & SA_RESETHAND) !== 0) action.handler = SIG_DFL;
  chooseSignal(process, thread);
  leaveSignals();
}

/** Decides what becomes of a call that was interrupted. */
function settleCall(frame: TrapFrame, runsHandler: bool, flags: u32): void {
  if (frame.vector !== VECTOR_SYSTEM_CALL) return;
  const isAlike = <i32>frame.eax === -ERESTARTSYS;
  if (!isAlike && <i32>frame.eax !== -ERESTARTNOHAND) return;
  if (runsHandler && (!isAlike || (flags & SA_RESTART) === 0)) {
    frame.result = -EINTR;
    return;
  }
  frame.eax = frame.error;
  frame.eip -= INSTRUCTION_SIZE;
}

/**
 * Stops all threads of the process: each stays here on its way to user mode. A terminal stops only
 * what can be made to run on.
 */
function stop(process: Process, signal: u32): void {
  if (signal !== SIGSTOP && isOrphaned(process.group, null)) return;
  process.isStopped = true;
  process.stopSignal = signal;
  process.wasContinued = false;
  tellParent(process, CLD_STOPPED, signal);
  noticeInAll(process);
  stayStopped(process);
}

/** Until SIGCONT or SIGKILL comes. */
function stayStopped(process: Process): void {
  const thread = currentThread;
  thread.isStopped = true;
  while (process.isStopped && thread.pendingSignal !== SIGKILL) suspend();
  thread.isStopped = false;
  chooseSignal(process, thread);
}
