// wait: what became of a child. See wait(2).
//
// A child has news when it has ended, was stopped (with WUNTRACED) or runs on (with WCONTINUED).

import { ECHILD } from "../../src/abi/errno";
import {
  CONTINUED_STATUS,
  SIGCHLD,
  stoppedStatus,
  WALL,
  WCLONE,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOTHREAD,
  WNOWAIT,
  WUNTRACED,
} from "../../src/abi/signals";
import { sleepOn } from "../thread/schedule";
import { currentThread } from "../thread/thread";
import { currentProcess, firstProcess, Process, releaseForgotten, releaseProcess } from "./process";
import { processSystemTime, processUserTime, threadOf } from "./thread-group";

/** What the id of a wait is. */
export const P_ALL: u32 = 0;
export const P_PID: u32 = 1;
export const P_PGID: u32 = 2;

/** The wait status of the child that waitForNews() returned. */
export let newsStatus: u32 = 0;

/**
 * Waits for news of a child: any (P_ALL), that of the id (P_PID), or any of that group (P_PGID); of
 * the kinds in `options`: WEXITED, WUNTRACED, WCONTINUED. The child, whose news are to be taken
 * with takeNews(); or null, and the result is in waitResult: 0 with WNOHANG while there is no news,
 * -ECHILD or -ERESTARTSYS.
 */
export function waitForNews(which: u32, id: u32, options: u32): Process | null {
  // A child's end brings SIGCHLD, too: its news are taken first, as on Linux, handler or not.
  let interruption: i32 = 0;
  while (true) {
    releaseForgotten();
    const child = childWithNews(which, id, options);
    if (child !== null) return child;
    waitResult = findChild(which, id, options) === null ? -ECHILD : interruption;
    if (waitResult !== 0 || (options & WNOHANG) !== 0) return null;
    interruption = sleepOn(currentProcess().waiters);
  }
}

export let waitResult: i32 = 0;

/** The news are known now, unless WNOWAIT says to leave them. An ended child's record goes. */
export function takeNews(child: Process, options: u32): void {
  if ((options & WNOWAIT) !== 0) return;
  if (child.isZombie) {
    const parent = currentProcess();
    parent.childUserTime += processUserTime(child) + child.childUserTime;
    parent.childSystemTime += processSystemTime(child) + child.childSystemTime;
    parent.childPages = max(parent.childPages, max(child.endPages, child.childPages));
    releaseProcess(child);
  } else if (child.stopSignal !== 0) child.stopSignal = 0;
  else child.wasContinued = false;
}

/** The oldest child of that choice that has news of those kinds; its status is in newsStatus. */
function childWithNews(which: u32, id: u32, options: u32): Process | null {
  let process = firstProcess();
  while (process !== null) {
    if (isChild(process, which, id, options) && hasNews(process, options)) return process;
    process = process.next;
  }
  return null;
}

function hasNews(child: Process, options: u32): bool {
  if (child.isZombie) {
    newsStatus = child.status;
    return (options & WEXITED) !== 0;
  }
  if ((options & WUNTRACED) !== 0 && child.isStopped && child.stopSignal !== 0) {
    newsStatus = stoppedStatus(child.stopSignal);
    return true;
  }
  newsStatus = CONTINUED_STATUS;
  return (options & WCONTINUED) !== 0 && child.wasContinued;
}

/** Any child of that choice, or null. */
function findChild(which: u32, id: u32, options: u32): Process | null {
  let process = firstProcess();
  while (process !== null && !isChild(process, which, id, options)) process = process.next;
  return process;
}

function isChild(process: Process, which: u32, id: u32, options: u32): bool {
  if (process.parent !== currentProcess() || process.isForgotten) return false;
  if ((options & WNOTHREAD) !== 0 && !isOwn(process)) return false;
  const isWanted = (process.endSignal !== SIGCHLD) === ((options & WCLONE) !== 0);
  if (!isWanted && (options & WALL) === 0) return false;
  if (which === P_PID) return process.pid === id;
  return which === P_ALL || process.group === id;
}

/** Whether the running thread made the child, or has inherited it as the first of its process. */
function isOwn(child: Process): bool {
  const process = currentProcess();
  if (child.creator === currentThread.id) return true;
  return currentThread === process.thread && threadOf(process, child.creator) === null;
}
