// The product of two square matrices of f64.

#include "bench.h"

#define N 64u

static void fill(f64 *matrix, u32 seed)
{
  u32 random = seed;
  for (u32 i = 0; i < N * N; i++) {
    random = next_random(random);
    matrix[i] = (f64)(i32)random * (1.0 / 4294967296.0);
  }
}

static void multiply(f64 *product, const f64 *a, const f64 *b)
{
  for (u32 i = 0; i < N; i++) {
    for (u32 j = 0; j < N; j++) {
      f64 sum = 0;
      for (u32 k = 0; k < N; k++)
        sum += a[i * N + k] * b[k * N + j];
      product[i * N + j] = sum;
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
  f64 *a = (f64 *)arena;
  f64 *b = a + N * N;
  f64 *c = b + N * N;
  u32 checksum = 0;
  fill(a, 1);
  fill(b, 2);
  for (u32 round = 0; round < rounds; round++) {
    multiply(c, a, b);
    for (u32 i = 0; i < N * N; i += 7)
      checksum = mix(checksum, fold(c[i]));
    a[round % (N * N)] += 0.5;
  }
  return checksum;
}
