// What all C programs of this folder share.

#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;
typedef double f64;

/* The entry point, with the calling convention of our compiler. */
#define RUN __attribute__((regparm(3))) u32 run

RUN(u8 *arena, u32 rounds);

/* Pseudo-random numbers: xorshift32, as in random.ts. The state must not be 0. */
static inline u32 next_random(u32 x)
{
  x ^= x << 13;
  x ^= x >> 17;
  return x ^ (x << 5);
}

/* Adds a result to a checksum, so that its order counts. */
static inline u32 mix(u32 checksum, u32 value)
{
  u32 sum = checksum + value;
  return sum << 5 | sum >> 27;
}
