// CRC-32 of Ethernet and ZIP, byte by byte with a table of 256 words.

#include "bench.h"

#define SIZE 32768
#define POLYNOMIAL 0xedb88320

static void make_table(u32 *table)
{
  for (u32 i = 0; i < 256; i++) {
    u32 value = i;
    for (u32 bit = 0; bit < 8; bit++)
      value = value & 1 ? value >> 1 ^ POLYNOMIAL : value >> 1;
    table[i] = value;
  }
}

static u32 crc32(const u32 *table, const u8 *data, u32 length)
{
  u32 crc = ~0u;
  for (u32 i = 0; i < length; i++)
    crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
  return ~crc;
}

RUN(u8 *arena, u32 rounds)
{
  u32 *table = (u32 *)arena;
  u8 *data = arena + 1024;
  u32 random = 3;
  for (u32 i = 0; i < SIZE; i++) {
    random = next_random(random);
    data[i] = random;
  }
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    make_table(table);
    checksum = mix(checksum, crc32(table, data, SIZE));
    data[round & (SIZE - 1)] ^= checksum;
  }
  return checksum;
}
