// The 8254 interval timer: channel 0 interrupts once, when the earliest timer is due, and shows how
// fast the processor's time-stamp counter runs.
//
// What is due when is thread/timer.ts. See the 8254 data sheet, mode 0 (interrupt on terminal
// count): writing a count starts it.

import { inb, outb, rdtsc } from "../../src/abi/x86";
import { onNextInterrupt } from "../thread/timer";
import { startUptime } from "../thread/uptime";

const CHANNEL_0: u32 = 0x40;
const COMMAND: u32 = 0x43;
/** Channel 0, low byte then high byte, mode 0, binary. */
const ONE_SHOT: u32 = 0x30;
/** Channel 0: its count as it is now is what is read next. */
const LATCH: u32 = 0x00;
const LARGEST_COUNT: u32 = 0xffff;

/** The counter's input is 1193182 Hz: counts in a nanosecond, and the other way round. */
const COUNTS_PER_NANOSECOND: u64 = 5124678; // of 2^32
const PICOSECONDS_PER_COUNT: u64 = 838095;
/** What fits into a count. */
const LONGEST_WAIT: u32 = 54000000;

/** The time-stamp counter is watched for so many counts, some 10 ms. */
const CALIBRATION: u32 = 12000;
/** Of so many readings the one that took least is good: something outside may interrupt them. */
const READINGS: u32 = 8;
/** More readings than a timer that counts can need. */
const MOST_READINGS: u32 = 1000000;

/** The last reading: the count, and the time-stamp counter then. */
let readCount: u32 = 0;
let readStamp: u64 = 0;

/** Starts the timer; its interrupts arrive once they are enabled and line 0 is unmasked. */
export function startTimer(): void {
  calibrate();
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

/** Lets both counters run side by side for a while. */
function calibrate(): void {
  startCount(LARGEST_COUNT);
  read();
  const firstCount = readCount;
  const firstStamp = readStamp;
  for (let i: u32 = 0; firstCount - readCount < CALIBRATION && i < MOST_READINGS; i++) readOnce();
  read();
  const counts = <u64>(firstCount - readCount);
  startUptime(readStamp - firstStamp, (counts * PICOSECONDS_PER_COUNT) / 1000);
}

/** Reads both counters as close to each other as can be. */
function read(): void {
  let shortest = u64.MAX_VALUE;
  let count: u32 = 0;
  let stamp: u64 = 0;
  for (let i: u32 = 0; i < READINGS; i++) {
    const took = readOnce();
    if (took >= shortest) continue;
    shortest = took;
    count = readCount;
    stamp = readStamp;
  }
  readCount = count;
  readStamp = stamp;
}

/** Reads both; how long it took, in counts of the time-stamp counter. */
function readOnce(): u64 {
  const before = rdtsc();
  outb(COMMAND, LATCH);
  const low = inb(CHANNEL_0);
  readCount = low | (inb(CHANNEL_0) << 8);
  readStamp = rdtsc();
  return readStamp - before;
}
