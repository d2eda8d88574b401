// Sessions, and the terminals that control them. See setsid(2), ioctl_tty(2) and credentials(7).
//
//   session -> groups -> processes          a session's leader has its id, and so has a group's
//      |
//   terminal -> foreground group            ^C goes there, and only its processes may read
//
// Invariants
//   - `process.terminal` is the same for all processes of a session that have one, and that
//     terminal's `session` is the session.
//   - A terminal that is hung up, or that no open file is left of, controls no session.

import { isIgnoredByDefault, SIGCONT, SIGHUP, SIGINT, SIGQUIT } from "../../src/abi/signals";
import { onTerminalSignal, Terminal } from "../terminal/terminal";
import { findProcess, firstProcess, Process } from "./process";
import { sendSignal } from "./signal";
import { isHandled } from "./signal-actions";

/** Lets the terminals send signals: ^C. */
export function startSessions(): void {
  onTerminalSignal(signalForeground.index);
}

/** The terminal that controls the session of `process`, or null. */
export function controllingTerminal(process: Process): Terminal | null {
  return changetype<Terminal | null>(process.terminal);
}

export function isSessionLeader(process: Process): bool {
  return process.session === process.pid;
}

/** Makes `process` the leader of a session, and of a group, of its own. */
export function startSession(process: Process): void {
  process.session = process.pid;
  process.group = process.pid;
  process.terminal = 0;
  process.hungUpGroup = 0;
}

/** From now on `terminal` controls the session whose leader `process` is. */
export function takeTerminal(process: Process, terminal: Terminal): void {
  terminal.session = process.session;
  terminal.foregroundGroup = process.group;
  process.terminal = changetype<usize>(terminal);
}

/** `terminal` controls no session any more. */
export function freeTerminal(terminal: Terminal): void {
  const session = terminal.session;
  terminal.session = 0;
  terminal.foregroundGroup = 0;
  if (session === 0) return;
  let process = firstProcess();
  while (process !== null) {
    if (process.session === session) process.terminal = 0;
    process = process.next;
  }
}

/**
 * `process` has nothing to do with its terminal any more, nor has its session if it is the leader:
 * then the foreground group gets SIGHUP, and SIGCONT unless the leader has ended.
 */
export function leaveTerminal(process: Process, isOver: bool): void {
  const terminal = controllingTerminal(process);
  if (isSessionLeader(process)) {
    if (terminal !== null) {
      const group = terminal.foregroundGroup;
      signalGroup(group, SIGHUP);
      if (!isOver) signalGroup(group, SIGCONT);
      freeTerminal(terminal);
    } else if (isOver && process.hungUpGroup !== 0) {
      signalGroup(process.hungUpGroup, SIGHUP);
      signalGroup(process.hungUpGroup, SIGCONT);
    }
  }
  process.terminal = 0;
}

/** What the terminal was connected to is gone: its session's leader gets SIGHUP. */
export function hangUpTerminal(terminal: Terminal): void {
  terminal.hangUp();
  const session = terminal.session;
  // No process has the id 0, which stands for no session.
  const leader = findProcess(session);
  if (leader !== null && isSessionLeader(leader)) {
    leader.hungUpGroup = terminal.foregroundGroup;
    sendSignal(leader, SIGHUP);
    sendSignal(leader, SIGCONT);
  }
  freeTerminal(terminal);
}

/** Sends a signal of the kernel's to all processes of a group; 0: to none. */
export function signalGroup(group: u32, signal: u32): void {
  if (group === 0) return;
  let process = firstProcess();
  while (process !== null) {
    if (process.group === group && !isSpared(process, signal)) sendSignal(process, signal);
    process = process.next;
  }
}

/**
 * A terminal's signal goes to `group`. Process 1 is spared ^C and ^\ while there are others, so
 * that a shell outlives what it runs; alone, it is what the user wants to stop.
 */
function signalForeground(group: u32, signal: u32): void {
  const isKey = signal === SIGINT || signal === SIGQUIT;
  const first = isKey ? loneProcess() : null;
  if (first !== null && first.group === group) sendSignal(first, signal);
  else signalGroup(group, signal);
}

/** Process 1 gets from terminals only what does not end or stop it. */
function isSpared(process: Process, signal: u32): bool {
  return process.pid === 1 && !isHandled(process, signal) && !isIgnoredByDefault(signal);
}

/** The one process that there is, or null if there are several. */
function loneProcess(): Process | null {
  let found: Process | null = null;
  let process = firstProcess();
  while (process !== null) {
    if (!process.isZombie) {
      if (found !== null) return null;
      found = process;
    }
    process = process.next;
  }
  return found;
}
