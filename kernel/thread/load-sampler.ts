// Takes a sample of the load every five seconds.
//
// While no thread runs there is nothing to count, and no interrupt comes for it: an idle machine
// sleeps. The samples that were left out, of 0, are made up for when a thread runs again.

import { sampleIdle, sampleLoad } from "./load";
import { countRunnable, onceBusy } from "./schedule";
import { setTimer, Timer } from "./timer";
import { readUptime } from "./uptime";

const PERIOD_NANOSECONDS: u64 = 5000000000;

const timer: Timer = changetype<Timer>(memory.data(offsetof<Timer>(), 8));

/** When the last sample was due, in nanoseconds of uptime. */
let sampledAt: u64 = 0;

/** From now on it is sampled. */
export function startLoad(): void {
  timer.handler = takeSample.index;
  takeSample(timer);
}

function takeSample(timer: Timer): void {
  const runnable = countRunnable();
  sampleLoad(runnable);
  sampledAt = readUptime();
  if (runnable === 0) onceBusy(makeUp.index);
  else setTimer(timer, sampledAt + PERIOD_NANOSECONDS);
}

function makeUp(): void {
  const periods = (readUptime() - sampledAt) / PERIOD_NANOSECONDS;
  sampleIdle(periods);
  setTimer(timer, sampledAt + (periods + 1) * PERIOD_NANOSECONDS);
}
