// Timers that expire once, or again and again: what alarms, timer descriptors and the timers of
// timer_create are made of.
//
//   expiry   expiry + interval   expiry + 2 * interval ...      `expiry`: the next one not counted
//
// A program may ask for intervals that the machine cannot keep up with. The timer then fires less
// often, and what expired in between is counted.

import { clearTimer, setTimer, Timer } from "./timer";
import { readUptime } from "./uptime";

/** A timer that fires again does so in so many nanoseconds, at the earliest. */
const SHORTEST_PERIOD: u64 = 50000;

@unmanaged
export class IntervalTimer extends Timer {
  expiry: u64 = 0;
  /** Nanoseconds; 0: it expires once. */
  interval: u64 = 0;

  /** Expires at `expiry` in nanoseconds of uptime; the handler is in place. */
  start(expiry: u64, interval: u64): void {
    this.expiry = expiry;
    this.interval = interval;
    setTimer(this, expiry);
  }

  stop(): void {
    clearTimer(this);
    this.interval = 0;
  }

  /** For the handler: how often it has expired since it fired last. It goes on if it repeats. */
  expire(): u64 {
    if (this.interval === 0) return 1;
    const now = readUptime();
    const passed = now > this.expiry ? now - this.expiry : 0;
    const count = 1 + passed / this.interval;
    this.expiry += count * this.interval;
    setTimer(this, max<u64>(this.expiry, now + SHORTEST_PERIOD));
    return count;
  }

  /** Nanoseconds until it expires next; 0: it does not. */
  left(): u64 {
    if (!this.isSet) return 0;
    const now = readUptime();
    if (this.expiry > now) return this.expiry - now;
    // What is due at this very moment has a little left.
    return this.interval === 0 ? 1 : this.interval - ((now - this.expiry) % this.interval);
  }
}

/** The size of such a timer, where one is part of another record. */
export const INTERVAL_TIMER_SIZE: u32 = 48;

if (offsetof<IntervalTimer>() !== INTERVAL_TIMER_SIZE) ERROR("an interval timer has 48 bytes");
