// A counter read beside the processor's time-stamp counter: how fast one of them runs follows from
// two such readings, if it is known of the other.
//
// A host may stop the machine for any time, between any two instructions. So of several readings
// the quickest is good.

import { rdtsc } from "../../src/abi/x86";

/** Lets time pass with hardly an instruction, for a wait between two readings: pass-time.asm.ts. */
export declare function pass_time(): void;

/** Of so many readings the one that took least is good: something outside may interrupt them. */
const READINGS: u32 = 8;

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
