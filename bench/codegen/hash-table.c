// A hash table with chains: insertion, lookup and removal of numbered records.

#include "bench.h"

#define BUCKETS 1024u
#define NODES 2048u

struct node {
  struct node *next;
  u32 key;
  u32 value;
};

struct table {
  struct node *free;
  u32 count;
  struct node *buckets[BUCKETS];
  struct node nodes[NODES];
};

static inline u32 bucket_of(u32 key)
{
  return key * 0x9e3779b1 >> 22;
}

static void clear(struct table *table)
{
  table->count = 0;
  table->free = 0;
  for (u32 i = 0; i < BUCKETS; i++)
    table->buckets[i] = 0;
  for (u32 i = 0; i < NODES; i++) {
    table->nodes[i].next = table->free;
    table->free = &table->nodes[i];
  }
}

static struct node *find(struct table *table, u32 key)
{
  struct node *node = table->buckets[bucket_of(key)];
  while (node && node->key != key)
    node = node->next;
  return node;
}

/* Sets the value of a key; returns 0 if the table is full. */
static u32 insert(struct table *table, u32 key, u32 value)
{
  struct node *node = find(table, key);
  if (node) {
    node->value = value;
    return 1;
  }
  node = table->free;
  if (!node)
    return 0;
  table->free = node->next;
  u32 bucket = bucket_of(key);
  node->next = table->buckets[bucket];
  node->key = key;
  node->value = value;
  table->buckets[bucket] = node;
  table->count++;
  return 1;
}

static u32 remove_key(struct table *table, u32 key)
{
  struct node **link = &table->buckets[bucket_of(key)];
  while (*link) {
    struct node *node = *link;
    if (node->key == key) {
      *link = node->next;
      node->next = table->free;
      table->free = node;
      table->count--;
      return 1;
    }
    link = &node->next;
  }
  return 0;
}

RUN(u8 *arena, u32 rounds)
{
  struct table *table = (struct table *)arena;
  u32 random = 2463534242u;
  u32 checksum = 0;
  clear(table);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 20000; i++) {
      random = next_random(random);
      u32 key = random >> 8 & 4095;
      switch (random & 3) {
      case 0:
        checksum = mix(checksum, insert(table, key, random));
        break;
      case 1:
        checksum = mix(checksum, remove_key(table, key));
        break;
      default: {
        struct node *node = find(table, key);
        checksum = mix(checksum, node ? node->value : key);
      }
      }
    }
    checksum = mix(checksum, table->count);
  }
  return checksum;
}
