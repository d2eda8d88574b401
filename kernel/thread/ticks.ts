// The kernel's measure of time: ticks of the interval timer.
//
// Time slices, sleeps and the uptime all count ticks. The timer's driver (device/pit.ts) makes the
// hardware tick at this rate; the scheduler counts (schedule.ts).

export const TICKS_PER_SECOND: u32 = 100;
export const NANOSECONDS_PER_TICK: u32 = 1000000000 / TICKS_PER_SECOND;

let ticks: u64 = 0;

/** Counts one tick. For the scheduler alone. */
export function countTick(): void {
  ticks++;
}

/** Ticks since the start of the timer. */
export function currentTick(): u64 {
  return ticks;
}

/** Whole seconds since the start of the timer. */
export function uptimeSeconds(): u32 {
  return <u32>(ticks / TICKS_PER_SECOND);
}

/** Nanoseconds since the last whole second of uptime. */
export function uptimeNanoseconds(): u32 {
  return <u32>(ticks % TICKS_PER_SECOND) * NANOSECONDS_PER_TICK;
}
