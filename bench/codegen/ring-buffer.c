// A terminal's input: keys are edited into lines in a ring, and read from it in portions.

#include "bench.h"

#define SIZE 1024u
#define MASK (SIZE - 1)
#define ERASE 8
#define KILL 21

struct ring {
  u32 read;
  /* Up to here lines are complete. */
  u32 committed;
  u32 write;
  u32 dropped;
  u8 bytes[SIZE];
};

static void put(struct ring *ring, u8 byte)
{
  switch (byte) {
  case ERASE:
    if (ring->write != ring->committed)
      ring->write--;
    break;
  case KILL:
    ring->write = ring->committed;
    break;
  default:
    if (ring->write - ring->read == SIZE - (byte != '\n')) {
      ring->dropped++;
      break;
    }
    ring->bytes[ring->write++ & MASK] = byte;
    if (byte == '\n')
      ring->committed = ring->write;
  }
}

/* At most one line, and at most `room` bytes. */
static u32 read(struct ring *ring, u8 *to, u32 room)
{
  u32 count = 0;
  while (count < room && ring->read != ring->committed) {
    u8 byte = ring->bytes[ring->read++ & MASK];
    to[count++] = byte;
    if (byte == '\n')
      break;
  }
  return count;
}

RUN(u8 *arena, u32 rounds)
{
  struct ring *ring = (struct ring *)arena;
  u8 *keys = arena + 2 * SIZE;
  u8 *line = arena + 16 * SIZE;
  u32 random = 8;
  u32 checksum = 0;
  ring->read = ring->committed = ring->write = ring->dropped = 0;
  for (u32 i = 0; i < 8 * SIZE; i++) {
    random = next_random(random);
    u32 kind = random >> 8 & 127;
    keys[i] = kind < 3 ? '\n' : kind < 7 ? ERASE : kind == 7 ? KILL : ' ' + (random & 63);
  }
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 8 * SIZE; i++) {
      put(ring, keys[i]);
      if ((i & 63) != 63)
        continue;
      u32 count = read(ring, line, 48);
      for (u32 j = 0; j < count; j++)
        checksum = mix(checksum, line[j]);
    }
    checksum = mix(checksum, ring->dropped + ring->write - ring->read);
  }
  return checksum;
}
