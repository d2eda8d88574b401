// The time since the kernel started, in nanoseconds: the processor's time-stamp counter, scaled.
//
// Every processor that has PAE has the counter; device/tsc.ts finds out at boot how fast it runs.
// The time is as of the last updateUptime(): whoever needs it to be now asks for that.
//
// Invariant: the time never goes back, even if the counter does.

import { rdtsc } from "../../src/abi/x86";

export const NANOSECONDS_PER_SECOND: u32 = 1000000000;
/** A multiplier has this many bits of fraction. */
const FRACTION_BITS: u32 = 24;
const FRACTION_MASK: u32 = (1 << FRACTION_BITS) - 1;
const WORD_BITS: u32 = 32;

/** A reading's product of counts and multiplier has this in its upper half after a second. */
const SECOND_HIGH: u32 = NANOSECONDS_PER_SECOND >> (WORD_BITS - FRACTION_BITS);

/** Seconds since the start, and nanoseconds after them. */
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

/** Reads the counter; returns the nanoseconds since the start. */
export function readUptime(): u64 {
  updateUptime();
  return <u64>uptimeSeconds * <u64>NANOSECONDS_PER_SECOND + <u64>uptimeNanoseconds;
}

/** Reads the counter, and has `uptimeSeconds` and `uptimeNanoseconds` say what time it is then. */
export function updateUptime(): void {
  const count = rdtsc();
  const counts = count - lastCount;
  if (<u32>(counts >> WORD_BITS) !== 0) {
    updateMuchLater(count, counts);
    return;
  }
  lastCount = count;
  const product = <u64>(<u32>counts) * <u64>multiplier + <u64>fraction;
  fraction = <u32>product & FRACTION_MASK;
  const nanoseconds = uptimeNanoseconds + <u32>(product >> FRACTION_BITS);
  if (<u32>(product >> WORD_BITS) >= SECOND_HIGH || nanoseconds >= NANOSECONDS_PER_SECOND)
    pass(product >> FRACTION_BITS);
  else uptimeNanoseconds = nanoseconds;
}

/** The counter has advanced by more than a word has bits, or it went back. */
function updateMuchLater(count: u64, counts: u64): void {
  if (<i64>counts < 0) return;
  lastCount = count;
  pass(nanosecondsOf(counts));
}

/** So many nanoseconds have passed: the second is another one. */
function pass(nanoseconds: u64): void {
  const sum = nanoseconds + <u64>uptimeNanoseconds;
  uptimeSeconds += <u32>(sum / NANOSECONDS_PER_SECOND);
  uptimeNanoseconds = <u32>(sum % NANOSECONDS_PER_SECOND);
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

if (SECOND_HIGH << (WORD_BITS - FRACTION_BITS) !== NANOSECONDS_PER_SECOND)
  ERROR("the upper half tells seconds");
