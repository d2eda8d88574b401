// Ticks: the unit in which programs are told of processor time and of the time since the start. The
// kernel itself counts nanoseconds (uptime.ts) and has no regular interrupt.

import { NANOSECONDS_PER_SECOND, readUptime } from "./uptime";

export const TICKS_PER_SECOND: u32 = 100;
export const NANOSECONDS_PER_TICK: u32 = NANOSECONDS_PER_SECOND / TICKS_PER_SECOND;

/** Ticks since the kernel started. */
export function currentTick(): u64 {
  return readUptime() / NANOSECONDS_PER_TICK;
}
