// Signals, as far as they end processes: there are no handlers and no stopping.
//
// A signal is a note in the process's record. It takes effect when the process is about to return
// to user mode; a blocked one is woken, and the call that it blocked in gives -EINTR on the way.

import { SIGKILL } from "../../src/abi/signals";
import { demandAttention, wake } from "../thread/schedule";
import { current, firstProcess, Process, ProcessState } from "./process";

/** The process group that the terminal belongs to: TIOCSPGRP sets it. */
export let foregroundGroup: u32 = 1;

export function setForegroundGroup(group: u32): void {
  foregroundGroup = group;
}

/** Ends `process` with `signal`, soon. SIGKILL overrules what is pending already. */
export function sendSignal(process: Process, signal: u32): void {
  if (process.state === ProcessState.zombie) return;
  if (process.pendingSignal === 0 || signal === SIGKILL) process.pendingSignal = signal;
  if (process === current) demandAttention();
  wake(process);
}

/**
 * kill(2): as sendSignal, but nobody else's signal ends process 1, and signal 0 does nothing: it
 * asks whether there is someone.
 */
export function killProcess(process: Process, signal: u32): void {
  if (signal !== 0 && (process.pid !== 1 || process === current)) sendSignal(process, signal);
}

/** Kills every process of `group` with `signal`; how many there were. */
export function killGroup(group: u32, signal: u32): u32 {
  let count: u32 = 0;
  let process = firstProcess();
  while (process !== null) {
    if (process.group === group && process.state !== ProcessState.zombie) {
      killProcess(process, signal);
      count++;
    }
    process = process.next;
  }
  return count;
}

/**
 * ^C: `signal` goes to the terminal's group. Process 1 is spared while there are others, so that a
 * shell outlives what it runs; alone, it is what the user wants to stop.
 */
export function signalForeground(signal: u32): void {
  const isAlone = countLiving() === 1;
  let process = firstProcess();
  while (process !== null) {
    if (process.group === foregroundGroup && (process.pid !== 1 || isAlone)) {
      sendSignal(process, signal);
    }
    process = process.next;
  }
}

function countLiving(): u32 {
  let count: u32 = 0;
  let process = firstProcess();
  while (process !== null) {
    if (process.state !== ProcessState.zombie) count++;
    process = process.next;
  }
  return count;
}
