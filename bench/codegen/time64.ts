// Time in 64 bits: cycles to nanoseconds, seconds, dates; a queue of deadlines.

import { mix, nextRandom } from "./random";

const TIMERS: u32 = 64;
const SECOND: u64 = 1_000_000_000;
const MULTIPLIER: u32 = 2796202667;
const SHIFT: u32 = 32;

@unmanaged
class Clock {
  lastCycles: u64 = 0;
  nanoseconds: u64 = 0;
  remainder: u64 = 0;
}

/** Advances the clock to that reading of the cycle counter. */
function update(clock: Clock, cycles: u64): u64 {
  const delta = cycles - clock.lastCycles;
  clock.lastCycles = cycles;
  const low = (delta & 0xffffffff) * MULTIPLIER + clock.remainder;
  const high = (delta >> 32) * MULTIPLIER;
  clock.remainder = low & 0xffffffff;
  clock.nanoseconds += (low >> SHIFT) + high;
  return clock.nanoseconds;
}

/** Year, month and day as one number, by Howard Hinnant's days-from-civil in reverse. */
function dateOf(seconds: u32): u32 {
  const days = seconds / 86400 + 719468;
  const era = days / 146097;
  const dayOfEra = days - era * 146097;
  const year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (year * 365 + year / 4 - year / 100);
  let month = (dayOfYear * 5 + 2) / 153;
  const day = dayOfYear - (month * 153 + 2) / 5 + 1;
  month = month < 10 ? month + 3 : month - 9;
  return (year + era * 400 + u32(month <= 2)) * 10000 + month * 100 + day;
}

/** The index of the earliest of `count` deadlines. */
function earliest(deadlines: usize, count: u32): u32 {
  let best: u32 = 0;
  for (let i: u32 = 1; i < count; i++) {
    if (load<u64>(deadlines + (i << 3)) < load<u64>(deadlines + (best << 3))) best = i;
  }
  return best;
}

export function run(arena: usize, rounds: u32): u32 {
  const clock = changetype<Clock>(arena);
  const deadlines = arena + 64;
  let random: u32 = 17;
  let checksum: u32 = 0;
  let cycles: u64 = 0;
  clock.lastCycles = 0;
  clock.nanoseconds = <u64>1_700_000_000 * SECOND;
  clock.remainder = 0;
  for (let i: u32 = 0; i < TIMERS; i++) {
    random = nextRandom(random);
    store<u64>(deadlines + (i << 3), clock.nanoseconds + random);
  }
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 64; i++) {
      random = nextRandom(random);
      cycles += (<u64>random) << (i & 15);
      const now = update(clock, cycles);
      const seconds = <u32>(now / SECOND);
      const fraction = <u32>(now % SECOND);
      checksum = mix(checksum, dateOf(seconds) ^ fraction);
      for (let fired: u32 = 0; fired < 4; fired++) {
        const next = deadlines + (earliest(deadlines, TIMERS) << 3);
        if (load<u64>(next) > now) break;
        random = nextRandom(random);
        store<u64>(next, load<u64>(next) + <u64>random * 50 + SECOND / 10);
        if (<i64>(load<u64>(next) - now) < 0) store<u64>(next, now + random);
        checksum = mix(checksum, <u32>(load<u64>(next) >> 20));
      }
    }
  }
  return checksum;
}
