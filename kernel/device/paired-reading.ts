// A counter read beside the processor's time-stamp counter: how fast one of them runs follows from
// two such readings, if it is known of the other.
//
// A host may stop the machine for any time, between any two instructions. So of several readings
// the quickest is good.

import { PAGE_SIZE } from "../../src/abi/memory-map";
import { rdtsc } from "../../src/abi/x86";

/** Of so many readings the one that took least is good: something outside may interrupt them. */
const READINGS: u32 = 8;
/** What passTime() clears, and how often. */
const blank: usize = memory.data(PAGE_SIZE, 16);
const CLEARINGS: u32 = 16;

/** The last reading, of the counter and of the time-stamp counter then. */
export let readCount: u32 = 0;
export let readStamp: u64 = 0;

/**
 * Reads both, the counter by the function of that index; how long it took, in counts of the
 * time-stamp counter.
 */
export function readPair(counter: u32): u64 {
  const before = rdtsc();
  readCount = call_indirect<u32>(counter);
  readStamp = rdtsc();
  return readStamp - before;
}

/** Reads both as close to each other as can be. */
export function readBestPair(counter: u32): void {
  let shortest = u64.MAX_VALUE;
  let count: u32 = 0;
  let stamp: u64 = 0;
  for (let i: u32 = 0; i < READINGS; i++) {
    const took = readPair(counter);
    if (i !== 0 && took >= shortest) continue;
    shortest = took;
    count = readCount;
    stamp = readStamp;
  }
  readCount = count;
  readStamp = stamp;
}

/**
 * Lets some time pass between two readings of a wait: a microsecond on a processor, more in an
 * emulator. v86 compiles the code of which it has executed most instructions, and that should not
 * be a wait: clearing memory is a single one, and takes long.
 */
export function passTime(): void {
  for (let i: u32 = 0; i < CLEARINGS; i++) memory.fill(blank, 0, PAGE_SIZE);
}
