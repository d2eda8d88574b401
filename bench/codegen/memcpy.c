// Copies between places of every alignment, in lengths from a few bytes to a page.

#include "bench.h"

#define SIZE 65536

/* Bytes up to an aligned destination, four words at a time, words, the bytes that are left. */
static void copy(u8 *to, const u8 *from, u32 count)
{
  while (count != 0 && ((u32)to & 3) != 0) {
    *to++ = *from++;
    count--;
  }
  for (; count >= 16; count -= 16) {
    u32 *target = (u32 *)to;
    const u32 *source = (const u32 *)from;
    target[0] = source[0];
    target[1] = source[1];
    target[2] = source[2];
    target[3] = source[3];
    to += 16;
    from += 16;
  }
  for (; count >= 4; count -= 4) {
    *(u32 *)to = *(const u32 *)from;
    to += 4;
    from += 4;
  }
  while (count != 0) {
    *to++ = *from++;
    count--;
  }
}

RUN(u8 *arena, u32 rounds)
{
  u8 *source = arena;
  u8 *target = arena + SIZE;
  u32 random = 1;
  for (u32 i = 0; i < SIZE; i += 4) {
    random = next_random(random);
    *(u32 *)(source + i) = random;
  }
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 256; i++) {
      random = next_random(random);
      u32 count = (i & 15) == 0 ? random >> 20 : random >> 26;
      u32 from = (random >> 4) % (SIZE - 4096);
      u32 to = (random >> 12) % (SIZE - 4096);
      copy(target + to, source + from, count);
    }
    for (u32 i = 0; i < SIZE; i += 1020)
      checksum = mix(checksum, *(u32 *)(target + i));
  }
  return checksum;
}
