// The 8254 interval timer: channel 0 interrupts once, when the earliest timer is due.
//
// What is due when is thread/timer.ts. See the 8254 data sheet, mode 0 (interrupt on terminal
// count): writing a count starts it.

import { outb } from "../../src/abi/x86";
import { onNextInterrupt } from "../thread/timer";

const CHANNEL_0: u32 = 0x40;
const COMMAND: u32 = 0x43;
/** Channel 0, low byte then high byte, mode 0, binary. */
const ONE_SHOT: u32 = 0x30;

/** The counter's input is 1193182 Hz. */
const COUNTS_PER_NANOSECOND: u64 = 5124678; // of 2^32
/** What fits into a count. */
const LONGEST_WAIT: u32 = 54000000;

/** Starts the timer; its interrupts arrive once they are enabled and line 0 is unmasked. */
export function startTimer(): void {
  onNextInterrupt(interruptIn.index);
}

/** Interrupts in so many nanoseconds, or in as many as can be: how many that is. */
function interruptIn(nanoseconds: u32): u32 {
  const wait = min<u32>(nanoseconds, LONGEST_WAIT);
  startCount(<u32>((<u64>wait * COUNTS_PER_NANOSECOND) >> 32) + 1);
  return wait;
}

function startCount(count: u32): void {
  outb(COMMAND, ONE_SHOT);
  outb(CHANNEL_0, count & 0xff);
  outb(CHANNEL_0, count >> 8);
}
