// The time since the kernel started, in nanoseconds: the processor's time-stamp counter, scaled.
//
// Every processor that has PAE has the counter; device/tsc.ts finds out at boot how fast it runs.
// The time is as of the last readUptime(): whoever needs it to be now asks for that.
//
// Invariant: the time never goes back, even if the counter does.

import { rdtsc } from "../../src/abi/x86";

export const NANOSECONDS_PER_SECOND: u32 = 1000000000;
/** A multiplier has this many bits of fraction. */
const FRACTION_BITS: u32 = 24;
const FRACTION_MASK: u32 = (1 << FRACTION_BITS) - 1;
const WORD_BITS: u32 = 32;

/** Nanoseconds since the start, and the same as seconds and the rest. */
export let uptime: u64 = 0;
export let uptimeSeconds: u32 = 0;
export let uptimeNanoseconds: u32 = 0;

/** Nanoseconds for each count: 1 until the counter is calibrated. */
let multiplier: u32 = 0x1000000;
/** The counter at the last reading, and what of a nanosecond was left then. */
let lastCount: u64 = 0;
let fraction: u32 = 0;

/** The counter was seen to advance by `counts` in `nanoseconds`: time begins. */
export function startUptime(counts: u64, nanoseconds: u64): void {
  if (<i64>counts > 0 && nanoseconds !== 0)
    multiplier = <u32>((nanoseconds << FRACTION_BITS) / counts);
  lastCount = rdtsc();
}

/** Reads the counter; returns what `uptime` is then. */
export function readUptime(): u64 {
  const count = rdtsc();
  const counts = count - lastCount;
  if (<u32>(counts >> WORD_BITS) !== 0) return readMuchLater(count, counts);
  lastCount = count;
  const product = <u64>(<u32>counts) * <u64>multiplier + <u64>fraction;
  fraction = <u32>product & FRACTION_MASK;
  return pass(product >> FRACTION_BITS);
}

/** The counter has advanced by more than a word has bits, or it went back. */
function readMuchLater(count: u64, counts: u64): u64 {
  if (<i64>counts < 0) return uptime;
  lastCount = count;
  return pass(nanosecondsOf(counts));
}

/** So many nanoseconds have passed. */
function pass(nanoseconds: u64): u64 {
  uptime += nanoseconds;
  if (nanoseconds >= <u64>NANOSECONDS_PER_SECOND) {
    uptimeSeconds = <u32>(uptime / NANOSECONDS_PER_SECOND);
    uptimeNanoseconds = <u32>(uptime % NANOSECONDS_PER_SECOND);
    return uptime;
  }
  uptimeNanoseconds += <u32>nanoseconds;
  if (uptimeNanoseconds < NANOSECONDS_PER_SECOND) return uptime;
  uptimeNanoseconds -= NANOSECONDS_PER_SECOND;
  uptimeSeconds++;
  return uptime;
}

/** Whether the last reading was some `counts` ago at most: a cheap question. */
export function isRecent(counts: u32): bool {
  return <u32>rdtsc() - <u32>lastCount < counts;
}

/** The nanoseconds in which the counter advances by `counts`. */
export function nanosecondsOf(counts: u64): u64 {
  const low = (<u64>(<u32>counts) * <u64>multiplier) >> FRACTION_BITS;
  const high = (counts >> WORD_BITS) * <u64>multiplier;
  return low + (high << (WORD_BITS - FRACTION_BITS));
}
