// A thread: what the scheduler switches between. It has a kernel stack, registers and a place in a
// queue; what it shares with the other threads of its process (a space, actions of signals) belongs
// to its owner, which this floor does not know: process/process.ts does.
//
//   runnable <-> blocked          ended: its owner frees it, from another thread's stack
//
// The kernel stack ends with the trap frame of the last entry from user mode; below it, while the
// thread is not running, lies what switch_stack saved. The floating-point registers of a thread
// that is not running follow its record.
//
// Invariant: `currentThread` is the thread whose kernel stack is in use, also while it idles.

import { INFO_CURRENT } from "../../src/abi/kernel-info";
import { SCHED_RESET_ON_FORK } from "../../src/abi/linux/schedule";
import { FRAME_SIZE } from "../../src/abi/trap-frame";
import { prepareStack } from "../machine/i686/context-switch";
import { clearFloatingPoint, FLOATING_POINT_SIZE } from "../machine/i686/floating-point";
import * as symbols from "../machine/i686/symbols";
import { TrapFrame } from "../machine/i686/trap-frame";
import { UserSegments } from "../machine/i686/user-segments";
import { allocate, free } from "../memory/heap";
import { allocateStack, freeStack, KERNEL_STACK_SIZE } from "../memory/pages";
import { AddressSpace } from "../memory/space";
import { Credentials, setCurrentCredentials } from "./credentials";
import { MODE_TIME_SIZE, ModeTime } from "./mode-time";
import { TIMER_SIZE, Timer } from "./timer";
import { FutexWaiter, Waiter } from "./wait-queue";

export enum ThreadState {
  runnable,
  blocked,
  ended,
}

/** FXSAVE wants a multiple of 16. */
const FLOATING_POINT_MASK: usize = 15;

@unmanaged
export class Thread extends Waiter {
  state: ThreadState = ThreadState.runnable;
  /** The lowest address of the kernel stack. */
  stack: usize = 0;
  /** Where switch_stack left the stack. */
  savedEsp: usize = 0;
  /** What user mode is entered on; null for a thread that has ended. */
  space: AddressSpace | null = null;
  /** The record that the thread belongs to: see currentProcess(). */
  owner: usize = 0;
  /** What gettid says: of the first thread of a process, the process's id. */
  id: u32 = 0;
  /** The next of the same owner: see process/thread-group.ts. */
  nextThread: Thread | null = null;
  /** Its file table and file context, which others may have as well: process/thread-files.ts. */
  files: usize = 0;
  context: usize = 0;
  /** Open files that a call uses which has blocked: see holdFile() in file/open-file.ts. */
  heldFile: usize = 0;
  secondHeldFile: usize = 0;
  /** A page of the kernel's that its call gives to files in place of the user's memory, or 0. */
  lentPage: usize = 0;
  /** The segments of its own: three descriptors, FS and GS. */
  segments0: u64 = 0;
  segments1: u64 = 0;
  segments2: u64 = 0;
  segments3: u64 = 0;
  /** A word of the user's that becomes 0 when the thread ends; 0: none. */
  clearTid: u32 = 0;
  /** The user's list of locks to give back when it ends. */
  robustList: u32 = 0;
  /** Whose space this is until it has one of its own (vfork), or null; and the lender's side. */
  lender: Thread | null = null;
  lendsSpace: bool = false;
  /** NUL-terminated; of the first thread of a process, the process's name holds instead. */
  name0: u64 = 0;
  name1: u64 = 0;
  /** The signal to take before the thread returns to user mode; 0: none. See process/signal.ts. */
  pendingSignal: u32 = 0;
  /** Waits in trap/deliver-signal.ts until its process runs on. */
  isStopped: bool = false;
  /** The address of the last page fault: what a handler of SIGSEGV finds in its context. */
  faultAddress: u32 = 0;
  /** Signals that wait until they are unblocked: bit n - 1 is signal n. */
  signalMask: u64 = 0;
  /** Signals that were sent to this very thread, and what came with them: pending-signals.ts. */
  pending: u64 = 0;
  notes: usize = 0;
  /** What sigtimedwait waits for: it comes even if it would do nothing. */
  awaitedSignals: u64 = 0;
  /** The mask to restore when a call that changed it for its own time has ended. */
  savedMask: u64 = 0;
  hasSavedMask: bool = false;
  /** Where handlers with SA_ONSTACK run; size 0: nowhere else. */
  alternativeStack: u32 = 0;
  alternativeSize: u32 = 0;
  credentials0: u64 = 0;
  credentials1: u64 = 0;
  credentials2: u64 = 0;
  credentials3: u64 = 0;
  credentials4: u64 = 0;
  credentials5: u64 = 0;
  credentials6: u64 = 0;
  credentials7: u64 = 0;
  /** Its place in the queue of a word that it waits for: futex.ts. */
  futex0: u64 = 0;
  futex1: u64 = 0;
  futex2: u64 = 0;
  futex3: u64 = 0;
  futex4: u64 = 0;
  /** Its places in the queues of files that it polls: poll-table.ts. */
  pollEntries: Waiter | null = null;
  /** When the wait ends that a signal interrupted and that goes on; 0: see syscall/wait-time.ts. */
  resumedDeadline: u64 = 0;
  /** What ends a sleep. */
  timer0: u64 = 0;
  timer1: u64 = 0;
  timer2: u64 = 0;
  timer3: u64 = 0;
  /**
   * The processor time that it has used, in counts of the time-stamp counter; of the running thread
   * less the counter: see processorTime().
   */
  counts: u64 = 0;
  /** What of them was the kernel's. */
  modes0: u64 = 0;
  modes1: u64 = 0;
  /** Periods left of the time slice. */
  slice: u32 = 0;
  /** SCHED_OTHER or another, as sched_setscheduler(2) has it: SCHED_RESET_ON_FORK may be set. */
  policy: u32 = 0;
  /** Who runs before others: 1 to MOST_URGENT of real-time policies, 0 of all others. */
  urgency: u32 = 0;

  /** The policy without the flag. */
  get plainPolicy(): u32 {
    return this.policy & ~SCHED_RESET_ON_FORK;
  }

  /** Whether that stack pointer is in the alternative stack. */
  isOnAlternativeStack(esp: u32): bool {
    return esp - this.alternativeStack - 1 < this.alternativeSize;
  }

  get credentials(): Credentials {
    return changetype<Credentials>(changetype<usize>(this) + offsetof<Thread>("credentials0"));
  }

  get futexWaiter(): FutexWaiter {
    return changetype<FutexWaiter>(changetype<usize>(this) + offsetof<Thread>("futex0"));
  }

  get sleepTimer(): Timer {
    return changetype<Timer>(changetype<usize>(this) + offsetof<Thread>("timer0"));
  }

  get modes(): ModeTime {
    return changetype<ModeTime>(changetype<usize>(this) + offsetof<Thread>("modes0"));
  }

  get stackTop(): usize {
    return this.stack + KERNEL_STACK_SIZE;
  }

  get segments(): UserSegments {
    return changetype<UserSegments>(changetype<usize>(this) + offsetof<Thread>("segments0"));
  }

  /** The registers of the last entry from user mode. */
  get frame(): TrapFrame {
    return changetype<TrapFrame>(this.stackTop - FRAME_SIZE);
  }

  /** After the record: the floating-point registers while another thread runs. */
  get floatingPoint(): usize {
    return changetype<usize>(this) + FLOATING_POINT;
  }

  /** Where switch_stack is to save the stack pointer. */
  get savedEspAddress(): usize {
    return changetype<usize>(this) + offsetof<Thread>("savedEsp");
  }

  /** Makes the first switch to the thread end in user mode, with the registers of its frame. */
  prepare(): void {
    this.savedEsp = prepareStack(changetype<usize>(this.frame));
  }

  /** Frees the record and the kernel stack of a thread that will not run again. */
  release(): void {
    this.credentials.release();
    freeStack(this.stack);
    free(changetype<usize>(this));
  }
}

/** Where they are in memory of a thread, which the heap aligns as well as that. */
const FLOATING_POINT: usize = (offsetof<Thread>() + FLOATING_POINT_MASK) & ~FLOATING_POINT_MASK;
/** Bytes of a thread with them. */
export const THREAD_SIZE: usize = FLOATING_POINT + FLOATING_POINT_SIZE;

/** The running thread. */
export let currentThread: Thread = changetype<Thread>(0);
/** Its owner: one load less for every system call. */
export let currentOwner: usize = 0;

/** Makes `thread` the current one. */
export function setCurrentThread(thread: Thread): void {
  "inline";
  const owner = thread.owner;
  currentThread = thread;
  currentOwner = owner;
  setCurrentCredentials(thread.credentials);
  tellInspectors(owner);
}

/** Tells those who watch from outside whose thread runs; 0: the machine idles. */
export function tellInspectors(owner: usize): void {
  store<u32>(symbols.kernel_info(), <u32>owner, INFO_CURRENT);
}

/** A thread of `owner` with a kernel stack and cleared registers, or null when out of memory. */
export function createThread(owner: usize): Thread | null {
  const record = allocate(THREAD_SIZE);
  if (record === 0) return null;
  const stack = allocateStack();
  if (stack === 0) {
    free(record);
    return null;
  }
  const thread = changetype<Thread>(record);
  thread.owner = owner;
  thread.stack = stack;
  clearFloatingPoint(thread.floatingPoint);
  return thread;
}

if (offsetof<FutexWaiter>() > 40) ERROR("a thread has room for 40 bytes of a futex's waiter");
if (offsetof<Credentials>() !== 64) ERROR("a thread has room for 64 bytes of credentials");
if (TIMER_SIZE !== 32) ERROR("a thread has room for 32 bytes of a timer");
if (MODE_TIME_SIZE !== 16) ERROR("a thread has room for 16 bytes of times of modes");
