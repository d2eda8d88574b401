// Allocates bits of a bitmap, alone and in runs: the frames of a machine, the blocks of a disk.

#include "bench.h"

#define BITS 32768u
#define WORDS (BITS / 32)
#define LIVE 1024u
#define NONE 0xffffffffu

struct bitmap {
  u32 hint;
  u32 free;
  u32 words[WORDS];
};

/* The first free bit from the hint on. */
static u32 allocate(struct bitmap *map)
{
  if (map->free == 0)
    return NONE;
  u32 index = map->hint;
  while (map->words[index] == 0xffffffff)
    index = index + 1 == WORDS ? 0 : index + 1;
  u32 bit = __builtin_ctz(~map->words[index]);
  map->words[index] |= 1u << bit;
  map->hint = index;
  map->free--;
  return index * 32 + bit;
}

static void release(struct bitmap *map, u32 bit)
{
  map->words[bit >> 5] &= ~(1u << (bit & 31));
  map->free++;
}

/* The first run of `count` free bits, taken. */
static u32 allocate_run(struct bitmap *map, u32 count)
{
  u32 length = 0;
  for (u32 bit = 0; bit < BITS; bit++) {
    u32 word = map->words[bit >> 5];
    if ((bit & 31) == 0 && word == 0xffffffff) {
      length = 0;
      bit += 31;
      continue;
    }
    if (word >> (bit & 31) & 1) {
      length = 0;
      continue;
    }
    if (++length < count)
      continue;
    u32 start = bit + 1 - count;
    for (u32 i = start; i <= bit; i++)
      map->words[i >> 5] |= 1u << (i & 31);
    map->free -= count;
    return start;
  }
  return NONE;
}

static u32 count_free(const struct bitmap *map)
{
  u32 count = 0;
  for (u32 i = 0; i < WORDS; i++)
    for (u32 word = ~map->words[i]; word != 0; word &= word - 1)
      count++;
  return count;
}

RUN(u8 *arena, u32 rounds)
{
  struct bitmap *map = (struct bitmap *)arena;
  u32 *taken = (u32 *)(arena + sizeof *map);
  u32 random = 12345;
  u32 checksum = 0;
  map->hint = 0;
  map->free = BITS;
  for (u32 i = 0; i < WORDS; i++) {
    random = next_random(random);
    map->words[i] = random | random << 7;
    map->free -= __builtin_popcount(map->words[i]);
  }
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < LIVE; i++) {
      taken[i] = allocate(map);
      checksum = mix(checksum, taken[i]);
    }
    for (u32 i = 0; i < 8; i++) {
      u32 start = allocate_run(map, 3 + i);
      checksum = mix(checksum, start);
      if (start == NONE)
        continue;
      for (u32 j = 0; j < 3 + i; j++)
        release(map, start + j);
    }
    checksum = mix(checksum, count_free(map) ^ map->free);
    for (u32 i = 0; i < LIVE; i++)
      if (taken[i] != NONE)
        release(map, taken[i]);
    map->hint = 0;
  }
  return checksum;
}
