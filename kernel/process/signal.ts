// Signals, as far as they end processes: there are no handlers and no stopping.
//
// A signal is a note in the record of the process's thread. It takes effect when the thread is
// about to return to user mode; a blocked one is woken, and the call that it blocked in gives
// -EINTR.

import { SIGKILL } from "../../src/abi/signals";
import { onTerminalSignal } from "../terminal/terminal";
import { requestUserReturnWork, wake } from "../thread/schedule";
import { currentThread } from "../thread/thread";
import { currentProcess, firstProcess, Process } from "./process";

/** Lets the terminals send signals: ^C. */
export function startSignals(): void {
  onTerminalSignal(signalForeground.index);
}

/** Ends `process` with `signal`, soon. SIGKILL overrules what is pending already. */
export function sendSignal(process: Process, signal: u32): void {
  if (process.isZombie) return;
  const thread = process.thread;
  if (thread.pendingSignal === 0 || signal === SIGKILL) thread.pendingSignal = signal;
  if (thread === currentThread) requestUserReturnWork();
  wake(thread);
}

/**
 * kill(2): as sendSignal, but process 1 is ended by its own signals only, and signal 0 does
 * nothing: it asks whether the process exists.
 */
export function killProcess(process: Process, signal: u32): void {
  if (signal !== 0 && (process.pid !== 1 || process === currentProcess())) {
    sendSignal(process, signal);
  }
}

/** Kills every process of `group` with `signal`; how many there were. */
export function killGroup(group: u32, signal: u32): u32 {
  let count: u32 = 0;
  let process = firstProcess();
  while (process !== null) {
    if (process.group === group && !process.isZombie) {
      killProcess(process, signal);
      count++;
    }
    process = process.next;
  }
  return count;
}

/**
 * ^C: `signal` goes to `group`, the terminal's foreground. Process 1 is spared while there are
 * others, so that a shell outlives what it runs; alone, it is what the user wants to stop.
 */
function signalForeground(group: u32, signal: u32): void {
  const isAlone = countLiving() === 1;
  let process = firstProcess();
  while (process !== null) {
    if (process.group === group && (process.pid !== 1 || isAlone)) sendSignal(process, signal);
    process = process.next;
  }
}

function countLiving(): u32 {
  let count: u32 = 0;
  let process = firstProcess();
  while (process !== null) {
    if (!process.isZombie) count++;
    process = process.next;
  }
  return count;
}
