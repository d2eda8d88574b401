// The 8254 interval timer: channel 0 interrupts TICKS_PER_SECOND times a second.
//
// What the ticks mean is thread/ticks.ts. See the 8254 data sheet, mode 2 (rate generator).

import { outb } from "../../src/abi/x86";
import { TICKS_PER_SECOND } from "../thread/ticks";

const INPUT_HERTZ: u32 = 1193182;
const DIVISOR: u32 = (INPUT_HERTZ + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND;
const CHANNEL_0: u32 = 0x40;
const COMMAND: u32 = 0x43;
/** Channel 0, low byte then high byte, mode 2, binary. */
const RATE_GENERATOR: u32 = 0x34;

/** Starts the timer; its interrupts arrive once they are enabled and line 0 is unmasked. */
export function startTimer(): void {
  outb(COMMAND, RATE_GENERATOR);
  outb(CHANNEL_0, DIVISOR & 0xff);
  outb(CHANNEL_0, DIVISOR >> 8);
}
