// The record of a process, and the list of all of them.
//
//   0   next, pid, cr3, stackTop, name      as src/abi/kernel-info.ts says: inspectors read them
//   32  everything else, then a bit for each system call, then the limits of resources
//
//   created -> living -> zombie -> released by the parent's wait
//
// A process is a group of threads (thread/thread.ts): see thread-group.ts. What a thread may have
// for itself, as on Linux, is in the thread's record: files, credentials, the mask of signals.
//
// Invariants
//   - Process 1 exists as long as the machine runs. Each other process has a living parent.
//   - `thread` is the first thread, whose id is the process's; it may have ended before others.
//   - A zombie has no space, and no living thread; its record and its first thread wait for the
//     parent.
//   - `cr3` and `space` of a process and its threads change together: setSpace().

import {
  INFO_PROCESSES,
  PROCESS_CR3,
  PROCESS_NAME,
  PROCESS_NAME_SIZE,
  PROCESS_NEXT,
  PROCESS_PID,
  PROCESS_STACK_TOP,
} from "../../src/abi/kernel-info";
import { SYSTEM_CALL_LIMIT } from "../../src/abi/linux/i386";
import { SIGCHLD } from "../../src/abi/signals";
import { DirectoryEntry } from "../file/directory-entry";
import { setEntryThread } from "../machine/i686/entry-thread";
import * as symbols from "../machine/i686/symbols";
import { allocate, free } from "../memory/heap";
import { AddressSpace, setCurrentSpace } from "../memory/space";
import { COUNTDOWN_SIZE, Countdown } from "../thread/countdown";
import { INTERVAL_TIMER_SIZE, IntervalTimer } from "../thread/interval-timer";
import { createThread, currentOwner, currentThread, Thread } from "../thread/thread";
import { currentTick } from "../thread/ticks";
import { WaitQueue } from "../thread/wait-queue";
import { LIMITS_SIZE, startLimits } from "./limits";
import { nextFreeId, noteTaken, restartSearch } from "./process-ids";
import { freeNotes } from "./signal-note";

const BYTE_SHIFT: u32 = 3;
const BIT_MASK: u32 = 7;
const LOGGED_SIZE: u32 = SYSTEM_CALL_LIMIT >> BYTE_SHIFT;
/** A record with what follows it: the logged calls, the limits. */
const RECORD_SIZE: u32 = <u32>offsetof<Process>() + LOGGED_SIZE + LIMITS_SIZE;

@unmanaged
export class Process {
  next: Process | null = null;
  pid: u32 = 0;
  cr3: u32 = 0;
  stackTop: usize = 0;
  name0: u64 = 0;
  name1: u64 = 0;

  previous: Process | null = null;
  /** All threads end, with `status`. */
  isEnding: bool = false;
  isZombie: bool = false;
  /** A zombie that no parent waits for. */
  isForgotten: bool = false;
  /** Stopped by a signal, which is `stopSignal`. */
  isStopped: bool = false;
  /** Runs again, which waitpid reports once. */
  wasContinued: bool = false;
  /** Runs a program of its own: its parent chooses its group no more. */
  hasExecuted: bool = false;
  /** The log says that it asked for memory that is writable and executable (law 4). */
  hasToldExclusion: bool = false;
  /** Only the superuser may look into it: its rights are not those of who started it. */
  isGuarded: bool = false;
  /** Whether orphans among its descendants become its children. */
  isReaper: bool = false;
  /** ioprio_set(2): a class and a level, which are remembered only. */
  ioPriority: u16 = 0;
  /** The first of its threads: thread-group.ts. */
  thread: Thread = changetype<Thread>(0);
  livingThreads: u32 = 0;
  /** Threads that have ended and whose records can go; the counts that those had run, in all. */
  endedThreads: Thread | null = null;
  endedCounts: u64 = 0;
  endedSystemCounts: u64 = 0;
  /** The thread that calls execve, and waits for all others to end; or null. */
  executor: Thread | null = null;
  /** The wait status, once it is known. */
  status: u32 = 0;
  parent: Process | null = null;
  /** The thread of the parent that made it: see __WNOTHREAD in wait.ts. */
  creator: u32 = 0;
  /** What the parent is sent when it ends; 0: nothing. */
  endSignal: u32 = SIGCHLD;
  /** The process group: who ^C reaches. */
  group: u32 = 0;
  /** The session, and its terminal, a Terminal or 0: session.ts. */
  session: u32 = 0;
  terminal: usize = 0;
  /** The leader's: what was in the foreground of a terminal that was hung up. */
  hungUpGroup: u32 = 0;
  /** What it does about signals: signal-actions.ts; 0: what is usual. */
  actions: usize = 0;
  /** Signals for any thread that were not delivered, and their notes: pending-signals.ts. */
  pending: u64 = 0;
  notes: usize = 0;
  /** How many notes there are, those of its threads included. */
  noteCount: u32 = 0;
  /** Who waits for signals as for a file: signalfd(2). */
  signalWaiters0: usize = 0;
  signalWaiters1: usize = 0;
  /** What stopped it, a number that waitpid reports once; 0: it has. */
  stopSignal: u32 = 0;
  /** The first of the timers that it has made: program-timers.ts. */
  timers: usize = 0;
  /** What SIGALRM comes of: alarm.ts. */
  alarm0: u64 = 0;
  alarm1: u64 = 0;
  alarm2: u64 = 0;
  alarm3: u64 = 0;
  alarm4: u64 = 0;
  alarm5: u64 = 0;
  /** What SIGVTALRM and SIGPROF come of: processor-timers.ts. */
  virtual0: u64 = 0;
  virtual1: u64 = 0;
  profiling0: u64 = 0;
  profiling1: u64 = 0;
  /** Its threads that are blocked in waitpid. */
  waiters0: usize = 0;
  waiters1: usize = 0;

  space: AddressSpace | null = null;
  /** As personality(2) left it. */
  personality: u32 = 0;

  /** The file that runs: messages about faults find their symbols in it. */
  program: DirectoryEntry | null = null;
  /** Counts the programs that it began, for those who look at one from outside. */
  programs: u32 = 0;
  /** No two processes have the same one; ids come back. */
  serial: u32 = 0;
  /** The tick at which it began. */
  startTick: u32 = 0;
  /** How much sooner or later than others it makes room when memory runs out: -1000 to 1000. */
  oomAdjustment: i32 = 0;
  /** How far it may be lowered by who is not the superuser. */
  oomLowest: i32 = 0;
  /** The signal that it gets when its parent ends; 0: none. */
  deathSignal: u32 = 0;
  /** Remembered: the scheduler treats all alike. */
  nice: i32 = 0;
  /** Processor time, in nanoseconds, of children that were waited for, and of theirs. */
  childUserTime: u64 = 0;
  childSystemTime: u64 = 0;
  /** The most pages that one of those had, and what it had itself, once it is a zombie. */
  childPages: u32 = 0;
  endPages: u32 = 0;

  get waiters(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Process>("waiters0"));
  }

  /** The name's address: NUL-terminated. */
  get name(): usize {
    return changetype<usize>(this) + PROCESS_NAME;
  }

  get signalWaiters(): WaitQueue {
    const offset = offsetof<Process>("signalWaiters0");
    return changetype<WaitQueue>(changetype<usize>(this) + offset);
  }

  get alarm(): IntervalTimer {
    return changetype<IntervalTimer>(changetype<usize>(this) + offsetof<Process>("alarm0"));
  }

  get virtualTimer(): Countdown {
    return changetype<Countdown>(changetype<usize>(this) + offsetof<Process>("virtual0"));
  }

  get profilingTimer(): Countdown {
    return changetype<Countdown>(changetype<usize>(this) + offsetof<Process>("profiling0"));
  }

  /** Whether the log says already that system call `number` is missing. */
  hasLogged(number: u32): bool {
    const bits: u32 = load<u8>(this.loggedCalls(number));
    return ((bits >> (number & BIT_MASK)) & 1) !== 0;
  }

  /** Notes that the log says so. */
  noteLogged(number: u32): void {
    const address = this.loggedCalls(number);
    const bits: u32 = load<u8>(address);
    store<u8>(address, <u8>(bits | (1 << (number & BIT_MASK))));
  }

  /** After the record: a bit for each number; those beyond the table share the last byte. */
  private loggedCalls(number: u32): usize {
    const byte = min<u32>(number, SYSTEM_CALL_LIMIT - 1) >> BYTE_SHIFT;
    return changetype<usize>(this) + offsetof<Process>() + byte;
  }

  /** After those: see limits.ts. */
  get limits(): usize {
    return changetype<usize>(this) + offsetof<Process>() + LOGGED_SIZE;
  }

  copyLimits(other: Process): void {
    memory.copy(this.limits, other.limits, LIMITS_SIZE);
  }

  /** Names the process after the `length` bytes at `text`, cut off where there is no more room. */
  setName(text: usize, length: u32): void {
    memory.fill(this.name, 0, PROCESS_NAME_SIZE);
    memory.copy(this.name, text, min<u32>(length, PROCESS_NAME_SIZE - 1));
  }

  /**
   * Gives the process another space, or none, and releases the one before: the kernel runs on a
   * directory of its own, so the space of the calling process can go, too.
   */
  setSpace(space: AddressSpace | null): void {
    const old = this.space;
    this.space = space;
    this.cr3 = space === null ? 0 : space.cr3;
    for (let thread: Thread | null = this.thread; thread !== null; thread = thread.nextThread) {
      thread.space = space;
    }
    if (currentOwner === changetype<usize>(this)) {
      setCurrentSpace(space);
      // Without a space the thread never returns to user mode, so its entry does not matter.
      if (space !== null) setEntryThread(currentThread.stackTop, space.cr3);
    }
    if (old !== null) old.release();
  }

  /** The program runs from that file: a reference is taken, and nobody may write it meanwhile. */
  setProgram(program: DirectoryEntry | null): void {
    const old = this.program;
    if (program !== null) {
      program.retain();
      program.inode.writers--;
    }
    this.program = program;
    if (old !== null) {
      old.inode.writers++;
      old.release();
    }
  }
}

let lastProcess: Process | null = null;
/** How many processes there have been. */
export let lastSerial: u32 = 0;
/** Function index of (process): void, told of each that is about to be released; 0: none. */
let releaseHandler: u32 = 0;

/** From now on the function of index `handler` is told of each process before its record goes. */
export function onProcessRelease(handler: u32): void {
  releaseHandler = handler;
}

/** Counts the changes of the list. */
export let listVersion: u32 = 0;
let processCount: u32 = 0;
let forgottenCount: u32 = 0;

/** The process of the running thread. */
export function currentProcess(): Process {
  return changetype<Process>(currentOwner);
}

/** The oldest of all processes, zombies included; `next` leads to younger ones. */
export function firstProcess(): Process | null {
  return changetype<Process | null>(load<usize>(symbols.kernel_info(), INFO_PROCESSES));
}

/** How many processes there are, zombies included. */
export function countProcesses(): u32 {
  return processCount;
}

/** The process of that id, a zombie perhaps that somebody waits for, or null. */
export function findProcess(pid: u32): Process | null {
  let process = firstProcess();
  while (process !== null) {
    if (process.pid === pid) return process.isForgotten ? null : process;
    process = process.next;
  }
  return null;
}

/** The process of that serial number, a zombie perhaps, or null. */
export function findSerial(serial: u32): Process | null {
  let process = firstProcess();
  while (process !== null && process.serial !== serial) process = process.next;
  return process;
}

/** A process, a zombie perhaps, that is in `group`, or null. */
export function findInGroup(group: u32): Process | null {
  let process = firstProcess();
  while (process !== null && process.group !== group) process = process.next;
  return process;
}

/**
 * A new process in the list: with an id and a thread, and nothing else. Null when memory or ids run
 * out.
 */
export function createProcess(): Process | null {
  releaseForgotten();
  const pid = unusedId();
  if (pid === 0) return null;
  const record = allocate(RECORD_SIZE);
  if (record === 0) return null;
  const thread = createThread(record);
  if (thread === null) {
    free(record);
    return null;
  }
  const process = changetype<Process>(record);
  process.pid = pid;
  process.thread = thread;
  process.livingThreads = 1;
  process.endSignal = SIGCHLD;
  process.stackTop = thread.stackTop;
  thread.id = pid;
  process.serial = ++lastSerial;
  process.startTick = currentTick();
  startLimits(process.limits);
  append(process);
  return process;
}

/** A process that has ended will not be waited for. */
export function forgetProcess(process: Process): void {
  process.isForgotten = true;
  forgottenCount++;
}

/** Frees the records of such processes: not on the stack of one of them. */
export function releaseForgotten(): void {
  let process = forgottenCount !== 0 ? firstProcess() : null;
  while (process !== null) {
    const next = process.next;
    if (process.isForgotten && process !== currentProcess()) releaseProcess(process);
    process = next;
  }
}

/** Takes a process whose threads will not run again out of the list and frees all records. */
export function releaseProcess(process: Process): void {
  if (releaseHandler !== 0) call_indirect<void>(releaseHandler, process);
  if (process.isForgotten) forgottenCount--;
  unlink(process);
  releaseEndedThreads(process);
  freeNotes(process.thread.notes);
  process.thread.release();
  freeNotes(process.notes);
  free(changetype<usize>(process));
}

/** Frees the records of threads that ended before; none of them is the one that runs. */
export function releaseEndedThreads(process: Process): void {
  for (let thread = process.endedThreads; thread !== null; thread = process.endedThreads) {
    process.endedThreads = thread.nextThread;
    thread.release();
  }
}

function append(process: Process): void {
  const last = lastProcess;
  process.previous = last;
  if (last === null) setFirstProcess(process);
  else last.next = process;
  lastProcess = process;
  processCount++;
  listVersion++;
}

function unlink(process: Process): void {
  const previous = process.previous;
  const next = process.next;
  if (previous === null) setFirstProcess(next);
  else previous.next = next;
  if (next === null) lastProcess = previous;
  else next.previous = previous;
  processCount--;
  listVersion++;
}

function setFirstProcess(process: Process | null): void {
  store<usize>(symbols.kernel_info(), changetype<usize>(process), INFO_PROCESSES);
}

/** An id that no thread, and no group that lives on, has; 0 when all are taken. */
export function unusedId(): u32 {
  const pid = nextFreeId();
  if (pid !== 0) return pid;
  restartSearch();
  let process = firstProcess();
  while (process !== null) {
    noteTaken(process.pid);
    noteTaken(process.group);
    noteTaken(process.session);
    for (let thread: Thread | null = process.thread; thread !== null; thread = thread.nextThread) {
      noteTaken(thread.id);
    }
    process = process.next;
  }
  return nextFreeId();
}

if (offsetof<Process>("next") !== PROCESS_NEXT) ERROR("inspectors read next there");
if (offsetof<Process>("pid") !== PROCESS_PID) ERROR("inspectors read pid there");
if (offsetof<Process>("cr3") !== PROCESS_CR3) ERROR("inspectors read cr3 there");
if (offsetof<Process>("stackTop") !== PROCESS_STACK_TOP) ERROR("inspectors read stackTop there");
if (offsetof<Process>("name0") !== PROCESS_NAME) ERROR("inspectors read the name there");
if (offsetof<WaitQueue>() !== 2 * sizeof<usize>()) ERROR("a process has room for a queue");
if (offsetof<Process>("previous") !== PROCESS_NAME + PROCESS_NAME_SIZE)
  ERROR("the name has 16 bytes");
if (COUNTDOWN_SIZE !== 16) ERROR("a process has room for 16 bytes of a countdown");
if (INTERVAL_TIMER_SIZE !== 48) ERROR("a process has room for 48 bytes of an alarm");
