// What a process does about each signal: sigaction(2).
//
//   an action   0  handler   SIG_DFL, SIG_IGN, or the address of a function
//               4  flags     SA_RESTART, …
//               8  restorer  where the handler returns to, if SA_RESTORER is set
//              16  mask      signals that are blocked besides while the handler runs
//
//   after the actions of all signals: how many processes have them
//
// A process that never asked for anything has no record: all its actions are the default. Processes
// that clone(CLONE_SIGHAND) made share one.

import {
  isIgnoredByDefault,
  SIG_DFL,
  SIG_IGN,
  SIGKILL,
  SIGNAL_MAX,
  SIGSTOP,
} from "../../src/abi/signals";
import { allocate, free } from "../memory/heap";
import { Process } from "./process";

@unmanaged
export class SignalAction {
  handler: u32 = 0;
  flags: u32 = 0;
  restorer: u32 = 0;
  mask: u64 = 0;
}

const ACTION_SIZE: u32 = <u32>offsetof<SignalAction>();
const REFERENCES: usize = SIGNAL_MAX * ACTION_SIZE;
const RECORD_SIZE: u32 = <u32>REFERENCES + 4;
/** What to do about a signal that nothing was said of. */
const defaultAction = changetype<SignalAction>(memory.data(offsetof<SignalAction>(), 8));

/** The action for a signal from 1 to SIGNAL_MAX; it is only to be read. */
export function signalAction(process: Process, signal: u32): SignalAction {
  const actions = process.actions;
  if (actions === 0) return defaultAction;
  return changetype<SignalAction>(actions + (signal - 1) * ACTION_SIZE);
}

/** Sets the action for a signal. False when out of memory. */
export function setSignalAction(process: Process, signal: u32, action: SignalAction): bool {
  if (!hasRecord(process)) return false;
  const to = changetype<usize>(signalAction(process, signal));
  memory.copy(to, changetype<usize>(action), ACTION_SIZE);
  return true;
}

/** The child begins with its parent's actions. False when out of memory. */
export function copySignalActions(parent: Process, child: Process): bool {
  if (parent.actions === 0) return true;
  child.actions = copyRecord(parent.actions);
  return child.actions !== 0;
}

/** Parent and child have the same actions from now on. False when out of memory. */
export function shareSignalActions(parent: Process, child: Process): bool {
  if (!hasRecord(parent)) return false;
  child.actions = parent.actions;
  countReferences(child.actions, 1);
  return true;
}

/** The process has actions that no other has. False when out of memory. */
export function unshareSignalActions(process: Process): bool {
  const shared = process.actions;
  if (shared === 0 || load<u32>(shared, REFERENCES) === 1) return true;
  const own = copyRecord(shared);
  if (own === 0) return false;
  countReferences(shared, -1);
  process.actions = own;
  return true;
}

/** For the end of a process. */
export function releaseSignalActions(process: Process): void {
  const actions = process.actions;
  process.actions = 0;
  if (actions !== 0 && countReferences(actions, -1) === 0) free(actions);
}

function hasRecord(process: Process): bool {
  if (process.actions !== 0) return true;
  process.actions = allocate(RECORD_SIZE);
  if (process.actions === 0) return false;
  store<u32>(process.actions, 1, REFERENCES);
  return true;
}

function copyRecord(actions: usize): usize {
  const copy = allocate(RECORD_SIZE);
  if (copy === 0) return 0;
  memory.copy(copy, actions, SIGNAL_MAX * ACTION_SIZE);
  store<u32>(copy, 1, REFERENCES);
  return copy;
}

/** Adds to the processes that have these actions; how many there are. */
function countReferences(actions: usize, more: i32): u32 {
  const count = load<u32>(actions, REFERENCES) + more;
  store<u32>(actions, count, REFERENCES);
  return count;
}

/** For execve, once no other process has them: handlers are gone, what is ignored stays so. */
export function resetSignalActions(process: Process): void {
  if (process.actions === 0) return;
  for (let signal: u32 = 1; signal <= SIGNAL_MAX; signal++) {
    const action = signalAction(process, signal);
    const handler = action.handler === SIG_IGN ? SIG_IGN : SIG_DFL;
    memory.fill(changetype<usize>(action), 0, ACTION_SIZE);
    action.handler = handler;
  }
}

/** Whether a signal would do nothing. */
export function isIgnored(process: Process, signal: u32): bool {
  const handler = signalAction(process, signal).handler;
  if (handler === SIG_IGN) return true;
  return handler === SIG_DFL && isIgnoredByDefault(signal);
}

/** Whether the process has a handler of its own for the signal. */
export function isHandled(process: Process, signal: u32): bool {
  const handler = signalAction(process, signal).handler;
  return handler !== SIG_DFL && handler !== SIG_IGN;
}

/** Whether what is done about the signal can be changed, and whether it can be blocked. */
export function isFree(signal: u32): bool {
  return signal !== SIGKILL && signal !== SIGSTOP;
}
