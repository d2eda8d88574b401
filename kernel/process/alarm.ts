// Alarms: SIGALRM at a tick, once or again and again. See alarm(2), setitimer(2).
//
// A process has one. The scheduler's clock looks at all of them when the earliest is due, which it
// knows.

import { SIGALRM } from "../../src/abi/signals";
import { onAlarm, setNextAlarm } from "../thread/schedule";
import { currentTick } from "../thread/ticks";
import { firstProcess, Process } from "./process";
import { sendSignal } from "./signal";

const NEVER: u64 = u64.MAX_VALUE;

/** Lets the clock ring them. */
export function startAlarms(): void {
  onAlarm(ringAlarms.index);
}

/**
 * From now on the process gets SIGALRM at tick `deadline`, then every `interval` ticks; 0: never.
 */
export function setAlarm(process: Process, deadline: u64, interval: u64): void {
  process.alarm = deadline;
  process.alarmInterval = interval;
  findEarliest();
}

function ringAlarms(): void {
  const now = currentTick();
  let process = firstProcess();
  while (process !== null) {
    if (process.alarm !== 0 && process.alarm <= now) ring(process, now);
    process = process.next;
  }
  findEarliest();
}

function ring(process: Process, now: u64): void {
  process.alarm = process.alarmInterval === 0 ? 0 : now + process.alarmInterval;
  sendSignal(process, SIGALRM);
}

function findEarliest(): void {
  let earliest = NEVER;
  let process = firstProcess();
  while (process !== null) {
    if (process.alarm !== 0 && !process.isZombie) earliest = min<u64>(earliest, process.alarm);
    process = process.next;
  }
  setNextAlarm(earliest === NEVER ? 0 : earliest);
}
