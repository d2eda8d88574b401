// Takes a sample of the load every five seconds.

import { sampleLoad } from "./load";
import { countRunnable } from "./schedule";
import { setTimer, Timer } from "./timer";
import { readUptime } from "./uptime";

const PERIOD_NANOSECONDS: u64 = 5000000000;

const timer: Timer = changetype<Timer>(memory.data(offsetof<Timer>(), 8));

/** From now on it is sampled. */
export function startLoad(): void {
  timer.handler = takeSample.index;
  takeSample(timer);
}

function takeSample(timer: Timer): void {
  sampleLoad(countRunnable());
  setTimer(timer, readUptime() + PERIOD_NANOSECONDS);
}
