// Compresses a text by references to what came before, and expands it again.
//
//   token   literals (4 bits) | match length - 4 (4 bits); 15: bytes follow that are added, up to
//           the first that is not 255
//   then    the literals, then the distance of the match as 16 bits; the last token has no match

#include "bench.h"

#define SIZE 32768u
#define HASHES 4096u
#define SHORTEST 4u

static inline u32 read32(const u8 *at)
{
  return *(const u32 *)at;
}

static inline u32 hash(u32 word)
{
  return word * 2654435761u >> 20;
}

static u8 *put_length(u8 *to, u32 rest)
{
  while (rest >= 255) {
    *to++ = 255;
    rest -= 255;
  }
  *to++ = rest;
  return to;
}

/* One token with its literals; a match of length 0 is none. */
static u8 *put_token(u8 *to, const u8 *literals, u32 count, u32 match, u32 distance)
{
  u32 length = match == 0 ? 0 : match - SHORTEST;
  *to++ = (count < 15 ? count : 15) << 4 | (length < 15 ? length : 15);
  if (count >= 15)
    to = put_length(to, count - 15);
  for (u32 i = 0; i < count; i++)
    *to++ = literals[i];
  if (match == 0)
    return to;
  *(u16 *)to = distance;
  to += 2;
  return length >= 15 ? put_length(to, length - 15) : to;
}

static u32 compress(const u8 *from, u32 size, u8 *to, u16 *places)
{
  u8 *start = to;
  u32 at = 0;
  u32 literals = 0;
  for (u32 i = 0; i < HASHES; i++)
    places[i] = 0;
  while (at + 8 < size) {
    u32 word = read32(from + at);
    u32 slot = hash(word);
    u32 candidate = places[slot];
    places[slot] = at;
    if (candidate >= at || read32(from + candidate) != word) {
      at++;
      continue;
    }
    u32 length = SHORTEST;
    while (at + length < size && from[candidate + length] == from[at + length])
      length++;
    to = put_token(to, from + literals, at - literals, length, at - candidate);
    at += length;
    literals = at;
  }
  to = put_token(to, from + literals, size - literals, 0, 0);
  return to - start;
}

static u32 expand(const u8 *from, u32 size, u8 *to)
{
  const u8 *end = from + size;
  u8 *start = to;
  for (;;) {
    u32 token = *from++;
    u32 count = token >> 4;
    if (count == 15) {
      while (*from == 255)
        count += *from++;
      count += *from++;
    }
    for (; count > 0; count--)
      *to++ = *from++;
    if (from == end)
      return to - start;
    const u8 *match = to - *(const u16 *)from;
    from += 2;
    count = (token & 15) + SHORTEST;
    if (count == 15 + SHORTEST) {
      while (*from == 255)
        count += *from++;
      count += *from++;
    }
    for (; count > 0; count--)
      *to++ = *match++;
  }
}

RUN(u8 *arena, u32 rounds)
{
  u8 *text = arena;
  u8 *packed = arena + SIZE;
  u8 *result = arena + 3 * SIZE;
  u16 *places = (u16 *)(arena + 4 * SIZE);
  u32 random = 21;
  u32 checksum = 0;
  for (u32 i = 0; i < SIZE; i++) {
    random = next_random(random);
    u32 back = 1 + (random >> 8 & 1023);
    text[i] = (random & 15) != 0 && back <= i ? text[i - back + (back > 16)] : random >> 20;
    if ((random & 3) != 0 && i >= 48)
      text[i] = text[i - 48];
  }
  for (u32 round = 0; round < rounds; round++) {
    u32 size = compress(text, SIZE, packed, places);
    u32 length = expand(packed, size, result);
    checksum = mix(checksum, size);
    for (u32 i = 0; i < length; i += 64)
      checksum = mix(checksum, read32(result + i));
    text[round & (SIZE - 1)] ^= round;
  }
  return checksum;
}
