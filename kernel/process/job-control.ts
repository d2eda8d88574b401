// Job control: which processes may use a terminal, and what becomes of groups that are left alone.
//
// A group is orphaned if no process in it has a parent in another group of the same session, which
// could let it run on. It is not stopped by terminals. See POSIX, 11.1.4 and 2.4.3.
//
// Process 1 counts like any other parent, though Linux excepts it: here it often is a shell.

import { EIO, ERESTARTSYS } from "../../src/abi/errno";
import { SIGCONT, SIGHUP, SIGTTIN, SIGTTOU } from "../../src/abi/signals";
import { Terminal } from "../terminal/terminal";
import { currentThread } from "../thread/thread";
import { signalBit } from "./pending-signals";
import { currentProcess, firstProcess, Process } from "./process";
import { controllingTerminal, signalGroup } from "./session";
import { isIgnored } from "./signal-actions";

/** Whether the running process may read from the terminal: 0, -EIO, or -ERESTARTSYS. */
export function readRefusal(terminal: Terminal): i32 {
  return backgroundRefusal(terminal, SIGTTIN);
}

/** As readRefusal(), of what changes the terminal, or writes to it under TOSTOP. */
export function changeRefusal(terminal: Terminal): i32 {
  return backgroundRefusal(terminal, SIGTTOU);
}

function backgroundRefusal(terminal: Terminal, signal: u32): i32 {
  const process = currentProcess();
  if (controllingTerminal(process) !== terminal) return 0;
  const foreground = terminal.foregroundGroup;
  if (foreground === 0 || foreground === process.group) return 0;
  const isBlocked = (currentThread.signalMask & signalBit(signal)) !== 0;
  if (isBlocked || isIgnored(process, signal)) return signal === SIGTTIN ? -EIO : 0;
  if (isOrphaned(process.group, null)) return -EIO;
  signalGroup(process.group, signal);
  return -ERESTARTSYS;
}

/** Whether `group` is orphaned, or would be without the process `without`. */
export function isOrphaned(group: u32, without: Process | null): bool {
  let process = firstProcess();
  while (process !== null) {
    const parent = process.parent;
    if (process.group === group && process !== without && !process.isZombie && parent !== null) {
      if (parent.group !== group && parent.session === process.session) return false;
    }
    process = process.next;
  }
  return true;
}

/** `process` ends: if that leaves its group alone, what is stopped there gets SIGHUP. */
export function leaveGroup(process: Process): void {
  const parent = process.parent;
  if (parent === null || !isBetween(process, parent)) return;
  if (isOrphaned(process.group, process)) wakeStopped(process.group);
}

/** The parent of `child` was `parent`, and is another one now: as leaveGroup(). */
export function leaveChild(child: Process, parent: Process): void {
  if (isBetween(child, parent) && isOrphaned(child.group, null)) wakeStopped(child.group);
}

/** Whether `parent` is what kept the group of `child` from being orphaned. */
function isBetween(child: Process, parent: Process): bool {
  return parent.group !== child.group && parent.session === child.session;
}

function wakeStopped(group: u32): void {
  let process = firstProcess();
  while (process !== null && !(process.group === group && process.isStopped)) {
    process = process.next;
  }
  if (process === null) return;
  signalGroup(group, SIGHUP);
  signalGroup(group, SIGCONT);
}
