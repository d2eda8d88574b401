// Ticks: the unit in which programs are told of processor time and of the time since the start. The
// kernel itself counts nanoseconds (uptime.ts) and has no regular interrupt.

import { NANOSECONDS_PER_SECOND, readUptime } from "./uptime";

export const TICKS_PER_SECOND: u32 = 100;
const NANOSECONDS_PER_TICK: u32 = NANOSECONDS_PER_SECOND / TICKS_PER_SECOND;

/** So many nanoseconds in whole ticks. */
export function ticksOf(nanoseconds: u64): u32 {
  return <u32>(nanoseconds / NANOSECONDS_PER_TICK);
}

/** Ticks since the kernel started. */
export function currentTick(): u32 {
  return ticksOf(readUptime());
}
