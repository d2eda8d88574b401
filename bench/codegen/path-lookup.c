// Looks paths up in a tree of directories: components, `.`, `..`, names of any length.

#include "bench.h"

#define INODES 1024u
#define PATHS 256u
#define PATH_SIZE 64u

struct inode {
  struct inode *parent;
  struct inode *child;
  struct inode *sibling;
  u32 number;
  u8 length;
  u8 name[15];
};

static struct inode *find(const struct inode *directory, const u8 *name, u32 length)
{
  for (struct inode *inode = directory->child; inode; inode = inode->sibling) {
    if (inode->length == length) {
      u32 i = 0;
      while (i < length && inode->name[i] == name[i])
        i++;
      if (i == length)
        return inode;
    }
  }
  return 0;
}

/* The inode of a path that ends with NUL, from `directory` or, if it begins with /, the root. */
static struct inode *lookup(struct inode *root, struct inode *directory, const u8 *path)
{
  struct inode *at = *path == '/' ? root : directory;
  for (;;) {
    while (*path == '/')
      path++;
    if (*path == 0)
      return at;
    const u8 *name = path;
    while (*path != '/' && *path != 0)
      path++;
    u32 length = path - name;
    if (name[0] == '.' && length == 1)
      continue;
    if (name[0] == '.' && name[1] == '.' && length == 2) {
      at = at->parent;
      continue;
    }
    at = find(at, name, length);
    if (!at)
      return 0;
  }
}

static struct inode *make_tree(struct inode *inodes)
{
  u32 random = 6;
  for (u32 i = 0; i < INODES; i++) {
    struct inode *inode = &inodes[i];
    random = next_random(random);
    inode->number = i;
    inode->parent = &inodes[i == 0 ? 0 : (i - 1) / 6];
    inode->child = 0;
    inode->sibling = i == 0 ? 0 : inode->parent->child;
    if (i != 0)
      inode->parent->child = inode;
    inode->length = 3 + (random >> 8 & 7);
    for (u32 j = 0; j < inode->length; j++)
      inode->name[j] = 'a' + (random >> (j + 9) & 3);
  }
  return inodes;
}

static u8 *append(u8 *at, const struct inode *inode)
{
  if (inode->parent == inode)
    return at;
  at = append(at, inode->parent);
  *at++ = '/';
  for (u32 i = 0; i < inode->length; i++)
    *at++ = inode->name[i];
  return at;
}

static void make_paths(const struct inode *inodes, u8 *paths)
{
  u32 random = 60;
  for (u32 i = 0; i < PATHS; i++) {
    random = next_random(random);
    u8 *at = append(paths + i * PATH_SIZE, &inodes[random >> 8 & (INODES - 1)]);
    if ((random & 7) == 0) {
      *at++ = '/';
      *at++ = '.';
      *at++ = '.';
    }
    if ((random & 56) == 0)
      *at++ = 'x';
    *at = 0;
  }
}

RUN(u8 *arena, u32 rounds)
{
  struct inode *root = make_tree((struct inode *)arena);
  u8 *paths = arena + INODES * sizeof(struct inode);
  u32 checksum = 0;
  make_paths(root, paths);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < PATHS; i++) {
      struct inode *found = lookup(root, root, paths + i * PATH_SIZE);
      checksum = mix(checksum, found ? found->number : ~0u);
    }
  }
  return checksum;
}
