// Who may look into a process, and change what it has: ptrace(2), "Ptrace access mode checking".

import {
  CAP_KILL,
  CAP_SYS_NICE,
  CAP_SYS_PTRACE,
  CAP_SYS_RESOURCE,
} from "../../src/abi/linux/capability";
import { SIGCONT } from "../../src/abi/signals";
import { currentCredentials } from "../thread/credentials";
import { currentProcess, Process } from "./process";

/**
 * Whether the running thread may see the memory, the files and the environment of `process`: it
 * acts for the same user and group in every respect, and the process has no rights beyond that.
 */
export function mayInspect(process: Process): bool {
  if (process === currentProcess()) return true;
  const who = currentCredentials();
  if (who.has(CAP_SYS_PTRACE)) return true;
  const whose = process.thread.credentials;
  const user = who.fileUser;
  const group = who.fileGroup;
  const isSameUser =
    user === whose.user && user === whose.effectiveUser && user === whose.savedUser;
  const isSameGroup =
    group === whose.group && group === whose.effectiveGroup && group === whose.savedGroup;
  // What the process may have, the thread must be allowed to have.
  const hasMore = (~whose.unpermitted & who.unpermitted) !== 0;
  return isSameUser && isSameGroup && !hasMore && !process.isGuarded;
}

/** Whether the running thread may send `process` a signal: kill(2). */
export function maySignal(process: Process, signal: u32): bool {
  const who = currentCredentials();
  if (process === currentProcess() || who.has(CAP_KILL)) return true;
  // Whoever it acts for: a shell must be able to go on with its jobs.
  if (signal === SIGCONT && process.session === currentProcess().session) return true;
  const whose = process.thread.credentials;
  if (who.effectiveUser === whose.user || who.effectiveUser === whose.savedUser) return true;
  return who.user === whose.user || who.user === whose.savedUser;
}

/** Whether the running thread may see and change the limits of `process`: prlimit(2). */
export function mayLimit(process: Process): bool {
  const who = currentCredentials();
  if (process === currentProcess() || who.has(CAP_SYS_RESOURCE)) return true;
  const whose = process.thread.credentials;
  const isSameUser =
    who.user === whose.user && who.user === whose.effectiveUser && who.user === whose.savedUser;
  const isSameGroup =
    who.group === whose.group &&
    who.group === whose.effectiveGroup &&
    who.group === whose.savedGroup;
  return isSameUser && isSameGroup;
}

/** Whether the running thread may change how `process` is scheduled: setpriority(2). */
export function mayReschedule(process: Process): bool {
  const who = currentCredentials();
  const whose = process.thread.credentials;
  const user = who.effectiveUser;
  return user === whose.user || user === whose.effectiveUser || who.has(CAP_SYS_NICE);
}
