// Walks the page tables of PAE: three levels of 64-bit entries, large pages, rights at each level.

#include "bench.h"

#define PAGE 4096u
#define PRESENT 1u
#define WRITABLE 2u
#define USER 4u
#define LARGE 0x80u
#define NO_EXECUTE (1ull << 63)
#define FRAME 0xfffff000u

struct walk {
  u32 physical;
  u32 rights;
  u32 size;
};

/* Fills in where `address` is mapped; returns 0 if it is not. */
static u32 walk(const u64 *pointers, u32 address, struct walk *result)
{
  u64 entry = pointers[address >> 30];
  if (!(entry & PRESENT))
    return 0;
  const u64 *directory = (const u64 *)((u32)entry & FRAME);
  entry = directory[address >> 21 & 511];
  if (!(entry & PRESENT))
    return 0;
  u32 rights = (u32)entry & (WRITABLE | USER);
  u32 executable = !(entry & NO_EXECUTE);
  if (entry & LARGE) {
    result->physical = ((u32)entry & 0xffe00000) | (address & 0x1fffff);
    result->rights = rights | executable << 3;
    result->size = 512 * PAGE;
    return 1;
  }
  const u64 *table = (const u64 *)((u32)entry & FRAME);
  entry = table[address >> 12 & 511];
  if (!(entry & PRESENT))
    return 0;
  if (entry & NO_EXECUTE)
    executable = 0;
  result->physical = ((u32)entry & FRAME) | (address & (PAGE - 1));
  result->rights = (rights & (u32)entry) | executable << 3;
  result->size = PAGE;
  return 1;
}

/* How many bytes from `address` on a user may access so. */
static u32 accessible(const u64 *pointers, u32 address, u32 length, u32 rights)
{
  struct walk found;
  u32 at = address;
  u32 end = address + length;
  while (at < end) {
    if (!walk(pointers, at, &found) || (found.rights & rights) != rights)
      break;
    at = (at & -found.size) + found.size;
  }
  return (at < end ? at : end) - address;
}

/* Four directories with eight tables each, some large pages, and holes. */
static u64 *make_tables(u8 *arena)
{
  u32 next = (u32)arena + PAGE;
  u64 *pointers = (u64 *)arena;
  u32 random = 7;
  for (u32 i = 0; i < 4; i++) {
    u64 *directory = (u64 *)next;
    pointers[i] = next | PRESENT;
    next += PAGE;
    for (u32 j = 0; j < 8; j++) {
      u64 *table = (u64 *)next;
      directory[j] = next | PRESENT | WRITABLE | USER;
      next += PAGE;
      for (u32 k = 0; k < 512; k++) {
        random = next_random(random);
        u64 flags = (random & 63 ? PRESENT : 0) | (random >> 6 & 6) | USER;
        table[k] = (random & FRAME) | flags | (u64)(random & 0x800) << 52;
      }
    }
    for (u32 j = 8; j < 32; j++) {
      random = next_random(random);
      directory[j] = (random & 0xffe00000) | LARGE | PRESENT | WRITABLE | (random & USER);
    }
  }
  return pointers;
}

RUN(u8 *arena, u32 rounds)
{
  u64 *pointers = make_tables(arena);
  struct walk found;
  u32 checksum = 0;
  u32 random = 99;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 2048; i++) {
      random = next_random(random);
      u32 address = (random & 0xc0000000) | (random & 0x1ffffff);
      if (walk(pointers, address, &found))
        checksum = mix(checksum, found.physical + found.rights);
      else
        checksum = mix(checksum, 1);
    }
    for (u32 i = 0; i < 64; i++) {
      random = next_random(random);
      u32 address = (random & 0xc0000000) | (random & 0xffffff);
      checksum = mix(checksum, accessible(pointers, address, 0x40000, USER));
    }
  }
  return checksum;
}
