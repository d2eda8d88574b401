// A balanced search tree (Andersson's AA tree) of memory areas: insertion, lookup, a walk in order.

#include "bench.h"

#define COUNT 2048u

struct area {
  struct area *left;
  struct area *right;
  u32 level;
  u32 start;
  u32 end;
};

static inline struct area *skew(struct area *node)
{
  struct area *left = node->left;
  if (!left || left->level != node->level)
    return node;
  node->left = left->right;
  left->right = node;
  return left;
}

static inline struct area *split(struct area *node)
{
  struct area *right = node->right;
  if (!right || !right->right || right->right->level != node->level)
    return node;
  node->right = right->left;
  right->left = node;
  right->level++;
  return right;
}

static struct area *insert(struct area *node, struct area *added)
{
  if (!node)
    return added;
  if (added->start < node->start)
    node->left = insert(node->left, added);
  else
    node->right = insert(node->right, added);
  return split(skew(node));
}

/* The area that `address` lies in. */
static struct area *find(struct area *node, u32 address)
{
  while (node) {
    if (address < node->start)
      node = node->left;
    else if (address >= node->end)
      node = node->right;
    else
      return node;
  }
  return 0;
}

/* A checksum of all areas in order. */
static u32 walk(const struct area *node, u32 checksum)
{
  if (!node)
    return checksum;
  checksum = walk(node->left, checksum);
  checksum = mix(checksum, node->start + node->level);
  return walk(node->right, checksum);
}

RUN(u8 *arena, u32 rounds)
{
  struct area *areas = (struct area *)arena;
  u32 random = 1234;
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    struct area *root = 0;
    for (u32 i = 0; i < COUNT; i++) {
      random = next_random(random);
      struct area *area = &areas[i];
      area->left = area->right = 0;
      area->level = 1;
      area->start = ((i * 1103515245u + round) & (COUNT - 1)) << 14;
      area->end = area->start + (random & 0x3fff);
      root = insert(root, area);
    }
    for (u32 i = 0; i < COUNT; i++) {
      random = next_random(random);
      struct area *found = find(root, random & (COUNT - 1) << 14);
      checksum = mix(checksum, found ? found->end : 0);
    }
    checksum = walk(root, checksum);
  }
  return checksum;
}
