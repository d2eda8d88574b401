// How fast the processor's time-stamp counter runs: at boot it is watched beside a timer whose rate
// is known.
//
//   ACPI's timer   24 bits of a port, counting up, 3579545 Hz; where the tables name one
//   the 8254       16 bits of channel 2, counting down, 1193182 Hz
//
// A host may stop the machine for any time, between any two instructions. So a reading is the
// quickest of several, and none counts if the counts may have gone round: the output of channel 2,
// which rises 55 ms after its count has started, is still low then.
//
// In a browser the clock behind all of that goes on in steps of 0.1 ms, and v86 guesses how far
// the counter is within a step, by the smallest that it has seen. Before it has seen some, its
// counter may jump ahead by as long as the host took for something else, and back again.
//
// See the 8254 data sheet, mode 0, and the ACPI Specification 6.5, 4.8.3.3.

import { inb, inl, outb, rdtsc } from "../../src/abi/x86";
import { inform } from "../log/log";
import { nanosecondsOf, startUptime } from "../thread/uptime";
import { acpiTimer } from "./acpi-power";

const CHANNEL_2: u32 = 0x42;
const COMMAND: u32 = 0x43;
/** Channel 2, low byte then high byte, mode 0, binary. */
const COUNT_DOWN: u32 = 0xb0;
/** Channel 2: its count as it is now is what is read next. */
const LATCH: u32 = 0x80;
const LARGEST_COUNT: u32 = 0xffff;

/** Lets channel 2 count and be heard, and shows its output. */
const SYSTEM_CONTROL: u32 = 0x61;
const GATE: u32 = 1 << 0;
const SPEAKER: u32 = 1 << 1;
const OUTPUT: u32 = 1 << 5;

const ACPI_MASK: u32 = 0xffffff;
const ACPI_PICOSECONDS: u32 = 279365;
const PICOSECONDS: u32 = 838095;

/** The timer has counted on so often before both are watched. */
const STEPS_BEFORE: u32 = 16;
/** How long that is done, in picoseconds. */
const WINDOW: u64 = 10000000000;
/** Of so many readings the one that took least is good: something outside may interrupt them. */
const READINGS: u32 = 8;
/** More readings than a timer that counts can need. */
const MOST_READINGS: u32 = 1000000;
/** A host that stops the machine each time gets the last answer. */
const MOST_WINDOWS: u32 = 10;
const MILLION: u32 = 1000000;

/** The last reading: of the timer, as if it counted up, and of the time-stamp counter then. */
let readCount: u32 = 0;
let readStamp: u64 = 0;
/** The port of ACPI's timer; 0: there is none. */
let port: u32 = 0;
let readingsLeft: u32 = 0;

/** Finds the rate out, and has time begin. */
export function calibrateTsc(): void {
  port = acpiTimer();
  const mask = port !== 0 ? ACPI_MASK : LARGEST_COUNT;
  const picoseconds = port !== 0 ? ACPI_PICOSECONDS : PICOSECONDS;
  const window = <u32>(WINDOW / picoseconds);
  let counts: u32 = 0;
  let stamps: u64 = 0;
  readingsLeft = MOST_READINGS;
  outb(SYSTEM_CONTROL, (inb(SYSTEM_CONTROL) & ~SPEAKER) | GATE);
  for (let i: u32 = 0; i < MOST_WINDOWS; i++) {
    startChannel();
    awaitSteps();
    readBest();
    const firstCount = readCount;
    const firstStamp = readStamp;
    while (((readCount - firstCount) & mask) < window && readingsLeft !== 0) read();
    readBest();
    counts = (readCount - firstCount) & mask;
    stamps = readStamp - firstStamp;
    const isSound = (inb(SYSTEM_CONTROL) & OUTPUT) === 0 && <i64>stamps > 0;
    if (isSound || readingsLeft === 0) break;
  }
  startUptime(stamps, (<u64>counts * picoseconds) / 1000);
  report();
}

function startChannel(): void {
  outb(COMMAND, COUNT_DOWN);
  outb(CHANNEL_2, LARGEST_COUNT & 0xff);
  outb(CHANNEL_2, LARGEST_COUNT >> 8);
}

function awaitSteps(): void {
  read();
  for (let i: u32 = 0; i < STEPS_BEFORE; i++) {
    const last = readCount;
    while (readCount === last && readingsLeft !== 0) read();
  }
}

/** Reads both counters as close to each other as can be. */
function readBest(): void {
  let shortest = u64.MAX_VALUE;
  let count: u32 = 0;
  let stamp: u64 = 0;
  for (let i: u32 = 0; i < READINGS; i++) {
    const took = read();
    if (i !== 0 && took >= shortest) continue;
    shortest = took;
    count = readCount;
    stamp = readStamp;
  }
  readCount = count;
  readStamp = stamp;
}

/** Reads both; how long it took, in counts of the time-stamp counter. */
function read(): u64 {
  const before = rdtsc();
  readCount = port !== 0 ? inl(port) : readChannel();
  readStamp = rdtsc();
  if (readingsLeft !== 0) readingsLeft--;
  return readStamp - before;
}

function readChannel(): u32 {
  outb(COMMAND, LATCH);
  const low = inb(CHANNEL_2);
  return ~(low | (inb(CHANNEL_2) << 8));
}

function report(): void {
  const by = port !== 0 ? cstr("ACPI's timer") : cstr("the 8254");
  const each = max<u32>(<u32>nanosecondsOf(MILLION), 1);
  inform(cstr("tsc: %u MHz, by %s"), (1000 * MILLION) / each, <u32>by);
}
