// Searches a text for words by Horspool's algorithm, and for lines by their lengths.

#include "bench.h"

#define TEXT 32768u
#define NOT_FOUND 0xffffffffu

static void make_skips(u8 *skips, const u8 *word, u32 length)
{
  for (u32 i = 0; i < 256; i++)
    skips[i] = length;
  for (u32 i = 0; i + 1 < length; i++)
    skips[word[i]] = length - 1 - i;
}

/* Where `word` is in the text from `start` on. */
static u32 search(const u8 *text, u32 start, const u8 *word, u32 length, const u8 *skips)
{
  u32 at = start;
  u8 last = word[length - 1];
  while (at + length <= TEXT) {
    u8 found = text[at + length - 1];
    if (found == last) {
      u32 i = 0;
      while (i < length - 1 && text[at + i] == word[i])
        i++;
      if (i == length - 1)
        return at;
    }
    at += skips[found];
  }
  return NOT_FOUND;
}

/* The length of the longest line. */
static u32 longest_line(const u8 *text)
{
  u32 longest = 0;
  u32 start = 0;
  for (u32 i = 0; i < TEXT; i++) {
    if (text[i] != '\n')
      continue;
    if (i - start > longest)
      longest = i - start;
    start = i + 1;
  }
  return longest;
}

RUN(u8 *arena, u32 rounds)
{
  u8 *text = arena;
  u8 *skips = arena + TEXT;
  u32 random = 11;
  u32 checksum = 0;
  for (u32 i = 0; i < TEXT; i++) {
    random = next_random(random);
    text[i] = (random & 63) == 0 ? '\n' : 'a' + (random >> 8 & 7);
  }
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 8; i++) {
      random = next_random(random);
      const u8 *word = text + (random >> 8) % (TEXT - 16);
      u32 length = 3 + i;
      u32 count = 0;
      make_skips(skips, word, length);
      u32 at = search(text, 0, word, length, skips);
      while (at != NOT_FOUND) {
        count++;
        checksum = mix(checksum, at);
        at = search(text, at + 1, word, length, skips);
      }
      checksum = mix(checksum, count);
    }
    checksum = mix(checksum, longest_line(text));
  }
  return checksum;
}
