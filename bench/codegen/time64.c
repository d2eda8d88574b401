// Time in 64 bits: cycles to nanoseconds, seconds, dates; a queue of deadlines.

#include "bench.h"

#define TIMERS 64u
#define SECOND 1000000000ull
#define MULTIPLIER 2796202667u
#define SHIFT 32

struct clock {
  u64 last_cycles;
  u64 nanoseconds;
  u64 remainder;
};

/* Advances the clock to that reading of the cycle counter. */
static u64 update(struct clock *clock, u64 cycles)
{
  u64 delta = cycles - clock->last_cycles;
  clock->last_cycles = cycles;
  u64 low = (delta & 0xffffffff) * MULTIPLIER + clock->remainder;
  u64 high = (delta >> 32) * MULTIPLIER;
  clock->remainder = low & 0xffffffff;
  clock->nanoseconds += (low >> SHIFT) + high;
  return clock->nanoseconds;
}

/* Year, month and day as one number, by Howard Hinnant's days-from-civil in reverse. */
static u32 date_of(u32 seconds)
{
  u32 days = seconds / 86400 + 719468;
  u32 era = days / 146097;
  u32 day_of_era = days - era * 146097;
  u32 year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  u32 day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  u32 month = (5 * day_of_year + 2) / 153;
  u32 day = day_of_year - (153 * month + 2) / 5 + 1;
  month = month < 10 ? month + 3 : month - 9;
  return (year + era * 400 + (month <= 2)) * 10000 + month * 100 + day;
}

/* The index of the earliest of `count` deadlines. */
static u32 earliest(const u64 *deadlines, u32 count)
{
  u32 best = 0;
  for (u32 i = 1; i < count; i++)
    if (deadlines[i] < deadlines[best])
      best = i;
  return best;
}

RUN(u8 *arena, u32 rounds)
{
  struct clock *clock = (struct clock *)arena;
  u64 *deadlines = (u64 *)(arena + 64);
  u32 random = 17;
  u32 checksum = 0;
  u64 cycles = 0;
  clock->last_cycles = 0;
  clock->nanoseconds = 1700000000ull * SECOND;
  clock->remainder = 0;
  for (u32 i = 0; i < TIMERS; i++) {
    random = next_random(random);
    deadlines[i] = clock->nanoseconds + random;
  }
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 64; i++) {
      random = next_random(random);
      cycles += (u64)random << (i & 15);
      u64 now = update(clock, cycles);
      u32 seconds = now / SECOND;
      u32 fraction = now % SECOND;
      checksum = mix(checksum, date_of(seconds) ^ fraction);
      for (u32 fired = 0; fired < 4; fired++) {
        u32 next = earliest(deadlines, TIMERS);
        if (deadlines[next] > now)
          break;
        random = next_random(random);
        deadlines[next] += random * 50ull + SECOND / 10;
        if ((i64)(deadlines[next] - now) < 0)
          deadlines[next] = now + random;
        checksum = mix(checksum, deadlines[next] >> 20);
      }
    }
  }
  return checksum;
}
