// Alarms: SIGALRM at a time, once or again and again. See alarm(2), setitimer(2).
//
// A process has one, which lasts until the process ends: execve does not stop it.

import { SIGALRM } from "../../src/abi/signals";
import { IntervalTimer } from "../thread/interval-timer";
import { Timer } from "../thread/timer";
import { Process } from "./process";
import { sendSignal } from "./signal";

/** From now on the process gets SIGALRM at `expiry`, then every `interval` nanoseconds; 0: once. */
export function setAlarm(process: Process, expiry: u64, interval: u64): void {
  const alarm = process.alarm;
  alarm.handler = ring.index;
  alarm.owner = changetype<usize>(process);
  alarm.start(expiry, interval);
}

function ring(timer: Timer): void {
  changetype<IntervalTimer>(timer).expire();
  sendSignal(changetype<Process>(timer.owner), SIGALRM);
}
