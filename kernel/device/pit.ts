// The 8254 interval timer: channel 0 interrupts TICKS_PER_SECOND times a second.
//
// The tick is the kernel's only measure of time: time slices, sleeps and the uptime count it.
// See the 8254 data sheet, mode 2 (rate generator).

import { outb } from "../../src/abi/x86";

export const TICKS_PER_SECOND: u32 = 100;
export const MILLISECONDS_PER_TICK: u32 = 1000 / TICKS_PER_SECOND;
export const NANOSECONDS_PER_TICK: u32 = 1000000000 / TICKS_PER_SECOND;

const INPUT_HERTZ: u32 = 1193182;
const DIVISOR: u32 = (INPUT_HERTZ + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND;
const CHANNEL_0: u32 = 0x40;
const COMMAND: u32 = 0x43;
/** Channel 0, low byte then high byte, mode 2, binary. */
const RATE_GENERATOR: u32 = 0x34;

let ticks: u64 = 0;

/** Starts the ticking; they arrive once interrupts are on and the line is unmasked. */
export function startTimer(): void {
  outb(COMMAND, RATE_GENERATOR);
  outb(CHANNEL_0, DIVISOR & 0xff);
  outb(CHANNEL_0, DIVISOR >> 8);
}

/** Counts one tick. For the timer's interrupt alone. */
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
