// How fast the processor's time-stamp counter runs: at boot it is watched beside a timer whose rate
// is known.
//
//   ACPI's timer   24 bits of a port, counting up, 3579545 Hz; where the tables name one
//   the 8254       16 bits of channel 2, counting down, 1193182 Hz
//
// A timer of ACPI's that stands still is none. A host may stop the machine for any time
// (paired-reading.ts), so no reading counts if the counts may have gone round: the output of
// channel 2, which rises 55 ms after its count has started, is still low then.
//
// In a browser the clock behind all of that goes on in steps of 0.1 ms, and v86 guesses how far
// the counter is within a step, by the smallest that it has seen. Before it has seen some, its
// counter may jump ahead by as long as the host took for something else, and back again.
//
// See the 8254 data sheet, mode 0, and the ACPI Specification 6.5, 4.8.3.3.

import { inb, inl, outb } from "../../src/abi/x86";
import { inform } from "../log/log";
import { nanosecondsOf, startUptime } from "../thread/uptime";
import { acpiTimer } from "./fadt";
import { pass_time, readBestPair, readCount, readPair, readStamp } from "./paired-reading";

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
/** More readings than a timer that counts can need. */
const MOST_READINGS: u32 = 1000000;
/** A host that stops the machine each time gets the last answer. */
const MOST_WINDOWS: u32 = 10;
const MILLION: u32 = 1000000;

/** The port of ACPI's timer; 0: there is none. */
let port: u32 = 0;
let readingsLeft: u32 = 0;

/** Finds the rate out, and has time begin. */
export function calibrateTsc(): void {
  port = acpiTimer();
  if (port === 0 || !calibrate(readAcpi.index, ACPI_MASK, ACPI_PICOSECONDS)) {
    port = 0;
    calibrate(readChannel.index, LARGEST_COUNT, PICOSECONDS);
  }
  report();
}

/** By a timer that counts up, of `picoseconds` a count. False: it stands still. */
function calibrate(timer: u32, mask: u32, picoseconds: u32): bool {
  const window = <u32>(WINDOW / picoseconds);
  let counts: u32 = 0;
  let stamps: u64 = 0;
  readingsLeft = MOST_READINGS;
  outb(SYSTEM_CONTROL, (inb(SYSTEM_CONTROL) & ~SPEAKER) | GATE);
  for (let i: u32 = 0; i < MOST_WINDOWS; i++) {
    startChannel();
    awaitSteps(timer);
    readBestPair(timer);
    const firstCount = readCount;
    const firstStamp = readStamp;
    while (((readCount - firstCount) & mask) < window && readingsLeft !== 0) {
      pass_time();
      read(timer);
    }
    readBestPair(timer);
    counts = (readCount - firstCount) & mask;
    stamps = readStamp - firstStamp;
    const isSound = (inb(SYSTEM_CONTROL) & OUTPUT) === 0 && <i64>stamps > 0;
    if (isSound || readingsLeft === 0) break;
  }
  startUptime(stamps, (<u64>counts * picoseconds) / 1000);
  return counts !== 0;
}

function startChannel(): void {
  outb(COMMAND, COUNT_DOWN);
  outb(CHANNEL_2, LARGEST_COUNT & 0xff);
  outb(CHANNEL_2, LARGEST_COUNT >> 8);
}

function awaitSteps(timer: u32): void {
  read(timer);
  for (let i: u32 = 0; i < STEPS_BEFORE; i++) {
    const last = readCount;
    while (readCount === last && readingsLeft !== 0) read(timer);
  }
}

function read(timer: u32): void {
  readPair(timer);
  if (readingsLeft !== 0) readingsLeft--;
}

function readAcpi(): u32 {
  return inl(port);
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
