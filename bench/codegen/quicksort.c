// Quicksort of words: median of three, the smaller part by recursion, short parts by insertion.

#include "bench.h"

#define COUNT 16384
#define SHORT 12

static void insertion_sort(u32 *first, u32 *last)
{
  for (u32 *at = first + 1; at <= last; at++) {
    u32 value = *at;
    u32 *hole = at;
    while (hole > first && hole[-1] > value) {
      *hole = hole[-1];
      hole--;
    }
    *hole = value;
  }
}

static inline void order(u32 *a, u32 *b)
{
  if (*a > *b) {
    u32 value = *a;
    *a = *b;
    *b = value;
  }
}

static void quicksort(u32 *first, u32 *last)
{
  while (last - first >= SHORT) {
    u32 *middle = first + (last - first) / 2;
    order(first, middle);
    order(middle, last);
    order(first, middle);
    u32 pivot = *middle;
    u32 *low = first;
    u32 *high = last;
    while (low <= high) {
      while (*low < pivot)
        low++;
      while (*high > pivot)
        high--;
      if (low > high)
        break;
      u32 value = *low;
      *low++ = *high;
      *high-- = value;
    }
    if (high - first < last - low) {
      quicksort(first, high);
      first = low;
    } else {
      quicksort(low, last);
      last = high;
    }
  }
  insertion_sort(first, last);
}

RUN(u8 *arena, u32 rounds)
{
  u32 *values = (u32 *)arena;
  u32 random = 77;
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < COUNT; i++) {
      random = next_random(random);
      values[i] = random;
    }
    quicksort(values, values + COUNT - 1);
    for (u32 i = 0; i < COUNT; i += 61)
      checksum = mix(checksum, values[i]);
  }
  return checksum;
}
