// The timer of the processor's APIC: it interrupts once, when the earliest timer is due.
//
// How fast it counts down no table says, so it is watched beside the time-stamp counter, whose rate
// is known by then. What is due when is thread/timer.ts, which looks at the time itself: a rate
// that is a little off makes an interrupt early or late by as little.
// See the Intel SDM, volume 3A, "APIC Timer".

import { VECTOR_IRQ } from "../../src/abi/descriptors";
import { inform } from "../log/log";
import { onNextInterrupt } from "../thread/timer";
import { nanosecondsOf } from "../thread/uptime";
import { readApic, writeApic } from "./apic";
import { pass_time, readBestPair, readCount, readPair, readStamp } from "./paired-reading";
import { IRQ_TIMER } from "./pic";

const TIMER: usize = 0x320;
const INITIAL_COUNT: usize = 0x380;
const CURRENT_COUNT: usize = 0x390;
const DIVISOR: usize = 0x3e0;
/** One count for 16 of the bus's: then even 4 s of a fast one fit into a word. */
const BY_16: u32 = 3;
const MASKED: u32 = 1 << 16;
/** How long it is watched, in nanoseconds. */
const WINDOW: u64 = 2000000;
const MILLION: u32 = 1000000;

/** Of 2^32. */
let countsPerNanosecond: u64 = 0;

/** Uses it for timers from now on. False: it stands still, or counts as fast as no bus does. */
export function startApicTimer(): bool {
  writeApic(DIVISOR, BY_16);
  writeApic(TIMER, MASKED);
  writeApic(INITIAL_COUNT, u32.MAX_VALUE);
  readBestPair(readTimer.index);
  const firstCount = readCount;
  const firstStamp = readStamp;
  while (nanosecondsOf(readStamp - firstStamp) < WINDOW) {
    pass_time();
    readPair(readTimer.index);
  }
  readBestPair(readTimer.index);
  const counts = (<u64>(firstCount - readCount)) << 32;
  countsPerNanosecond = counts / nanosecondsOf(readStamp - firstStamp);
  if (countsPerNanosecond === 0 || countsPerNanosecond >> 32 !== 0) return false;
  inform(cstr("apic: its timer counts %u kHz"), <u32>((countsPerNanosecond * MILLION) >> 32));
  writeApic(INITIAL_COUNT, 0);
  writeApic(TIMER, VECTOR_IRQ + IRQ_TIMER);
  onNextInterrupt(interruptIn.index);
  return true;
}

function readTimer(): u32 {
  return readApic(CURRENT_COUNT);
}

/** Interrupts in so many nanoseconds: all of them can be counted. */
function interruptIn(nanoseconds: u32): u32 {
  writeApic(INITIAL_COUNT, <u32>((<u64>nanoseconds * countsPerNanosecond) >> 32) + 1);
  return nanoseconds;
}
