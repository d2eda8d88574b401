// Merge sort of a linked list, bottom up and stable: runs of 1, 2, 4, … records.

#include "bench.h"

#define COUNT 4096

struct record {
  struct record *next;
  u32 key;
  u32 serial;
};

static struct record *merge_sort(struct record *list)
{
  u32 merges;
  u32 size = 1;
  do {
    struct record *rest = list;
    struct record *tail = 0;
    merges = 0;
    list = 0;
    while (rest) {
      struct record *left = rest;
      struct record *right = rest;
      u32 left_size = 0;
      merges++;
      while (left_size < size && right) {
        left_size++;
        right = right->next;
      }
      u32 right_size = size;
      while (left_size > 0 || (right_size > 0 && right)) {
        struct record *next;
        if (left_size == 0 || (right_size > 0 && right && right->key < left->key)) {
          next = right;
          right = right->next;
          right_size--;
        } else {
          next = left;
          left = left->next;
          left_size--;
        }
        if (tail)
          tail->next = next;
        else
          list = next;
        tail = next;
      }
      rest = right;
    }
    if (tail)
      tail->next = 0;
    size *= 2;
  } while (merges > 1);
  return list;
}

RUN(u8 *arena, u32 rounds)
{
  struct record *records = (struct record *)arena;
  u32 random = 31;
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < COUNT; i++) {
      random = next_random(random);
      records[i].next = i + 1 < COUNT ? &records[i + 1] : 0;
      records[i].key = random >> 18;
      records[i].serial = i;
    }
    for (struct record *at = merge_sort(records); at; at = at->next)
      checksum = mix(checksum, at->key + at->serial);
  }
  return checksum;
}
