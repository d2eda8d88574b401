// The fast Fourier transform of 1024 complex numbers, radix 2, in place.

#include "bench.h"

#define LOG 10u
#define N (1u << LOG)

struct complex {
  f64 re;
  f64 im;
};

/* exp(-2 pi i / m) for m = 2, 4, ... N. */
static const struct complex roots[LOG] = {
  { -1.0, 0.0 },
  { 0.0, -1.0 },
  { 0.7071067811865475, -0.7071067811865475 },
  { 0.9238795325112867, -0.3826834323650898 },
  { 0.9807852804032304, -0.19509032201612825 },
  { 0.9951847266721969, -0.0980171403295606 },
  { 0.9987954562051724, -0.049067674327418015 },
  { 0.9996988186962042, -0.024541228522912288 },
  { 0.9999247018391445, -0.012271538285719925 },
  { 0.9999811752826011, -0.006135884649154475 },
};

static void reverse_bits(struct complex *data)
{
  u32 reversed = 0;
  for (u32 i = 0; i + 1 < N; i++) {
    if (i < reversed) {
      struct complex value = data[i];
      data[i] = data[reversed];
      data[reversed] = value;
    }
    u32 bit = N / 2;
    while (reversed & bit) {
      reversed ^= bit;
      bit /= 2;
    }
    reversed |= bit;
  }
}

static void transform(struct complex *data)
{
  reverse_bits(data);
  for (u32 level = 0; level < LOG; level++) {
    u32 half = 1u << level;
    struct complex root = roots[level];
    struct complex factor = { 1, 0 };
    for (u32 i = 0; i < half; i++) {
      for (u32 j = i; j < N; j += 2 * half) {
        struct complex *a = &data[j];
        struct complex *b = &data[j + half];
        f64 re = b->re * factor.re - b->im * factor.im;
        f64 im = b->re * factor.im + b->im * factor.re;
        b->re = a->re - re;
        b->im = a->im - im;
        a->re += re;
        a->im += im;
      }
      f64 re = factor.re * root.re - factor.im * root.im;
      factor.im = factor.re * root.im + factor.im * root.re;
      factor.re = re;
    }
  }
}

static u32 fold(f64 number)
{
  union { f64 number; u64 bits; } value = { number };
  return (u32)value.bits ^ (u32)(value.bits >> 32);
}

RUN(u8 *arena, u32 rounds)
{
  struct complex *data = (struct complex *)arena;
  u32 random = 1;
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < N; i++) {
      random = next_random(random);
      data[i].re = (f64)(i32)random * (1.0 / 2147483648.0);
      data[i].im = 0;
    }
    transform(data);
    for (u32 i = 0; i < N; i++)
      checksum = mix(checksum, fold(data[i].re) + fold(data[i].im));
  }
  return checksum;
}
