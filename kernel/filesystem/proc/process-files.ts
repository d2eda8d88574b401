// What /proc says of a process: stat, status, comm, cmdline, environ, limits, oom_score_adj, ….
//
// Each function makes a text (text.ts) from the records that the kernel itself uses. proc(5) has
// the formats.

import { EACCES, EINVAL } from "../../../src/abi/errno";
import { PROCESS_NAME_SIZE } from "../../../src/abi/kernel-info";
import { CAP_SYS_RESOURCE } from "../../../src/abi/linux/capability";
import { RLIM_INFINITY, RLIMIT_RSS, RLIMIT_SIGPENDING } from "../../../src/abi/linux/resource";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, USER_END } from "../../../src/abi/memory-map";
import { SIG_DFL, SIG_IGN, SIGCHLD, SIGNAL_MAX } from "../../../src/abi/signals";
import { lockedPages } from "../../memory/lock-range";
import { countPages } from "../../memory/map-range";
import { AddressSpace } from "../../memory/space";
import { copyInFrom, userPointer } from "../../memory/user-memory";
import { mayInspect } from "../../process/access";
import { hardLimit, softLimit } from "../../process/limits";
import { oomScore } from "../../process/out-of-memory";
import { pendingFor } from "../../process/pending-signals";
import { currentProcess, Process } from "../../process/process";
import { controllingTerminal } from "../../process/session";
import { signalAction } from "../../process/signal-actions";
import { setThreadName, threadName, timeIn } from "../../process/thread-group";
import { ALL_CAPABILITIES, currentCredentials } from "../../thread/credentials";
import { Thread, ThreadState } from "../../thread/thread";
import { ticksOf } from "../../thread/ticks";
import { countObjectPages, countStackPages, countTextPages } from "./memory-files";
import { parsedNumber, parseNumber } from "./parse";
import { cutText, put, putBits, putNumber, putRoom, textLength } from "./text";
import { subjectContext, subjectThread } from "./threads";

const KIB_PER_PAGE: u32 = 4;
const DEFAULT_PRIORITY: u32 = 20;
/** What no program that is looked at from outside shows. */
const HIDDEN: u32 = 0;

/** stat: one line of numbers. */
export function putStat(process: Process, subject: u32): void {
  const thread = subjectThread(process, subject);
  const parent = process.parent;
  const space = process.space;
  const isShown = mayInspect(process);
  put(cstr("%u (%s) %c "), thread.id, <u32>threadName(thread), stateOf(process, thread));
  put(cstr("%u %u %u "), parent === null ? 0 : parent.pid, process.group, process.session);
  const terminal = controllingTerminal(process);
  put(
    cstr("%u %d 0 0 0 0 0 "),
    terminal === null ? 0 : terminal.device,
    terminal === null ? -1 : terminal.foregroundGroup,
  );
  const only: Thread | null = subject === 0 ? null : thread;
  put(cstr("%u %u "), ticksOf(timeIn(process, only, false)), ticksOf(timeIn(process, only, true)));
  put(cstr("%u %u "), ticksOf(process.childUserTime), ticksOf(process.childSystemTime));
  const urgency = <i32>thread.urgency;
  const priority = urgency === 0 ? <i32>DEFAULT_PRIORITY + process.nice : -1 - urgency;
  put(cstr("%d %d "), priority, process.nice);
  put(cstr("%u 0 %u "), process.livingThreads, process.startTick);
  put(
    cstr("%u %u %u "),
    space === null ? 0 : countPages(space, false) << PAGE_SHIFT,
    space === null ? 0 : space.residentPages,
    softLimit(process.limits, RLIMIT_RSS),
  );
  const hasPlace = isShown && space !== null;
  put(cstr("0 0 0 %u %u "), hasPlace ? thread.frame.esp : HIDDEN, hasPlace ? thread.frame.eip : 0);
  put(
    cstr("%u %u "),
    <u32>pendingFor(process, thread) & 0x7fffffff,
    <u32>thread.signalMask & 0x7fffffff,
  );
  put(cstr("%u %u "), <u32>ignored(process) & 0x7fffffff, <u32>caught(process) & 0x7fffffff);
  put(cstr("0 0 0 %u 0 %u %u 0 0 0 "), SIGCHLD, thread.urgency, thread.plainPolicy);
  put(cstr("0 0 %u "), isShown && space !== null ? space.breakStart : 0);
  if (isShown && space !== null) {
    put(cstr("%u %u "), space.argumentsStart, space.environmentStart);
    put(cstr("%u %u "), space.environmentStart, space.environmentEnd);
  } else put(cstr("0 0 0 0 "));
  put(cstr("%u\n"), isShown ? process.status : 0);
}

/** statm: sizes in pages. */
export function putStatm(process: Process, _subject: u32): void {
  const space = process.space;
  if (space === null) {
    put(cstr("0 0 0 0 0 0 0\n"));
    return;
  }
  putNumber(countPages(space, false));
  putNumber(space.residentPages);
  putNumber(countObjectPages(space));
  putNumber(countTextPages(space));
  put(cstr("0 %u 0\n"), countPages(space, true) + countStackPages(space));
}

/** status: the same and more, with titles. */
export function putStatus(process: Process, subject: u32): void {
  const thread = subjectThread(process, subject);
  const parent = process.parent;
  const context = subjectContext(process, subject);
  const state = stateOf(process, thread);
  put(cstr("Name:\t%s\n"), <u32>threadName(thread));
  if (context !== null) put(cstr("Umask:\t%04o\n"), context.umask);
  put(cstr("State:\t%c (%s)\n"), state, stateName(state));
  put(cstr("Tgid:\t%u\nNgid:\t0\nPid:\t%u\n"), process.pid, thread.id);
  put(cstr("PPid:\t%u\nTracerPid:\t0\n"), parent === null ? 0 : parent.pid);
  putCredentials(thread);
  const space = process.space;
  if (space !== null) putSizes(space);
  put(cstr("Threads:\t%u\n"), process.livingThreads);
  put(cstr("SigQ:\t%u/%u\n"), process.noteCount, softLimit(process.limits, RLIMIT_SIGPENDING));
  putBits(cstr("SigPnd:"), thread.pending);
  putBits(cstr("ShdPnd:"), process.pending);
  putBits(cstr("SigBlk:"), thread.signalMask);
  putBits(cstr("SigIgn:"), ignored(process));
  putBits(cstr("SigCgt:"), caught(process));
  putCapabilities(thread);
  put(cstr("Seccomp:\t0\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n"));
}

function putSizes(space: AddressSpace): void {
  const shared = countObjectPages(space);
  put(cstr("VmSize:\t%8u kB\n"), countPages(space, false) * KIB_PER_PAGE);
  put(cstr("VmLck:\t%8u kB\n"), lockedPages(space, 0, USER_END) * KIB_PER_PAGE);
  put(cstr("VmHWM:\t%8u kB\n"), space.mostPages * KIB_PER_PAGE);
  put(cstr("VmRSS:\t%8u kB\n"), space.residentPages * KIB_PER_PAGE);
  put(cstr("RssAnon:\t%8u kB\n"), (space.residentPages - shared) * KIB_PER_PAGE);
  put(cstr("RssFile:\t%8u kB\n"), shared * KIB_PER_PAGE);
  put(cstr("VmData:\t%8u kB\n"), countPages(space, true) * KIB_PER_PAGE);
  put(cstr("VmStk:\t%8u kB\n"), countStackPages(space) * KIB_PER_PAGE);
  put(cstr("VmExe:\t%8u kB\n"), countTextPages(space) * KIB_PER_PAGE);
  put(cstr("VmSwap:\t       0 kB\n"));
}

function putCredentials(thread: Thread): void {
  const who = thread.credentials;
  const uids = cstr("Uid:\t%u\t%u\t%u\t%u\n");
  put(uids, who.user, who.effectiveUser, who.savedUser, who.fileUser);
  const gids = cstr("Gid:\t%u\t%u\t%u\t%u\n");
  put(gids, who.group, who.effectiveGroup, who.savedGroup, who.fileGroup);
  put(cstr("Groups:\t"));
  const groups = who.supplementary;
  for (let i: u32 = 0; groups !== null && i < groups.count; i++) putNumber(groups.at(i));
  put(cstr("\n"));
}

function putCapabilities(thread: Thread): void {
  const who = thread.credentials;
  putBits(cstr("CapInh:"), who.inheritable);
  putBits(cstr("CapPrm:"), ALL_CAPABILITIES & ~who.unpermitted);
  putBits(cstr("CapEff:"), ALL_CAPABILITIES & ~who.ineffective);
  putBits(cstr("CapBnd:"), ALL_CAPABILITIES);
  putBits(cstr("CapAmb:"), 0);
  put(cstr("NoNewPrivs:\t%u\n"), who.gainsNothing ? 1 : 0);
}

/** comm: the name. */
export function putName(process: Process, subject: u32): void {
  put(cstr("%s\n"), <u32>threadName(subjectThread(process, subject)));
}

/** A process may name its threads. */
export function writeName(process: Process, subject: u32, bytes: usize, size: u32): i32 {
  if (process !== currentProcess()) return -EINVAL;
  let length: u32 = 0;
  while (length < size && load<u8>(bytes + length) !== 0x0a) length++;
  const thread = subjectThread(process, subject);
  setThreadName(thread, bytes, min<u32>(length, PROCESS_NAME_SIZE - 1));
  return 0;
}

/** cmdline: the arguments, each with its NUL. */
export function putArguments(process: Process, _subject: u32): void {
  const space = process.space;
  if (space !== null) putUserBytes(space, space.argumentsStart, space.environmentStart);
}

/** environ: the environment that it was started with, each variable with its NUL. */
export function putEnvironment(process: Process, _subject: u32): void {
  const space = process.space;
  if (space !== null) putUserBytes(space, space.environmentStart, space.environmentEnd);
}

/** What the process has at those addresses now, as far as it is there. */
function putUserBytes(space: AddressSpace, start: usize, end: usize): void {
  for (let at = start; at < end; ) {
    const part = min<u32>(<u32>(end - at), PAGE_SIZE - (at & PAGE_MASK));
    const before = textLength;
    const room = putRoom(part);
    if (room === 0) return;
    if (copyInFrom(space, userPointer(at), room, part) !== 0) {
      cutText(before);
      return;
    }
    at += part;
  }
}

/** limits: a table of the soft and hard ones. */
export function putLimits(process: Process, _subject: u32): void {
  const format = cstr("%-25s %-20s %-20s %-10s\n");
  const title = cstr("Limit");
  const soft = cstr("Soft Limit");
  const hard = cstr("Hard Limit");
  put(format, <u32>title, <u32>soft, <u32>hard, <u32>cstr("Units"));
  for (let resource: u32 = 0; limitName(resource) !== 0; resource++) {
    put(cstr("%-25s "), <u32>limitName(resource));
    putLimit(softLimit(process.limits, resource));
    putLimit(hardLimit(process.limits, resource));
    put(cstr("%-10s\n"), <u32>limitUnit(resource));
  }
}

function putLimit(limit: u32): void {
  if (limit === RLIM_INFINITY) put(cstr("%-20s "), <u32>cstr("unlimited"));
  else put(cstr("%-20u "), limit);
}

/** In the order of their numbers. */
function limitName(resource: u32): usize {
  switch (resource) {
    case 0:
      return cstr("Max cpu time");
    case 1:
      return cstr("Max file size");
    case 2:
      return cstr("Max data size");
    case 3:
      return cstr("Max stack size");
    case 4:
      return cstr("Max core file size");
    case 5:
      return cstr("Max resident set");
    case 6:
      return cstr("Max processes");
    case 7:
      return cstr("Max open files");
    case 8:
      return cstr("Max locked memory");
    case 9:
      return cstr("Max address space");
    case 10:
      return cstr("Max file locks");
    case 11:
      return cstr("Max pending signals");
    case 12:
      return cstr("Max msgqueue size");
    case 13:
      return cstr("Max nice priority");
    case 14:
      return cstr("Max realtime priority");
    case 15:
      return cstr("Max realtime timeout");
    default:
      return 0;
  }
}

function limitUnit(resource: u32): usize {
  switch (resource) {
    case 0:
      return cstr("seconds");
    case 6:
      return cstr("processes");
    case 7:
      return cstr("files");
    case 10:
      return cstr("locks");
    case 11:
      return cstr("signals");
    case 13:
    case 14:
      return cstr("");
    case 15:
      return cstr("us");
    default:
      return cstr("bytes");
  }
}

/** oom_score_adj */
export function putAdjustment(process: Process, _subject: u32): void {
  put(cstr("%d\n"), process.oomAdjustment);
}

/** Only the superuser makes a process less likely to be ended. */
export function writeAdjustment(process: Process, _subject: u32, bytes: usize, size: u32): i32 {
  const result = parseNumber(bytes, size, -1000, 1000);
  if (result !== 0) return result;
  if (currentCredentials().has(CAP_SYS_RESOURCE)) process.oomLowest = parsedNumber;
  else if (parsedNumber < process.oomLowest) return -EACCES;
  process.oomAdjustment = parsedNumber;
  return 0;
}

/** oom_score: how likely it is to make room when memory runs out. */
export function putScore(process: Process, _subject: u32): void {
  put(cstr("%u\n"), <u32>max<i32>(oomScore(process), 0));
}

/** The letter that ps(1) shows. */
function stateOf(process: Process, thread: Thread): u32 {
  if (process.isZombie) return 0x5a; // Z
  if (process.isStopped) return 0x54; // T
  if (thread.state === ThreadState.ended) return 0x5a;
  return thread.state === ThreadState.runnable ? 0x52 : 0x53; // R, S
}

function stateName(letter: u32): u32 {
  switch (letter) {
    case 0x5a:
      return <u32>cstr("zombie");
    case 0x54:
      return <u32>cstr("stopped");
    case 0x52:
      return <u32>cstr("running");
    default:
      return <u32>cstr("sleeping");
  }
}

/** Signals that the process ignores, and those that it has handlers for. */
function ignored(process: Process): u64 {
  return actionsThat(process, true);
}

function caught(process: Process): u64 {
  return actionsThat(process, false);
}

function actionsThat(process: Process, ignore: bool): u64 {
  let set: u64 = 0;
  for (let signal: u32 = 1; signal <= SIGNAL_MAX; signal++) {
    const handler = signalAction(process, signal).handler;
    const isWanted = ignore ? handler === SIG_IGN : handler !== SIG_IGN && handler !== SIG_DFL;
    if (isWanted) set |= (<u64>1) << (signal - 1);
  }
  return set;
}
