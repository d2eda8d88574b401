// A slab allocator: pages of equal objects, a list of pages with room for each of eight sizes.

#include "bench.h"

#define PAGE 4096u
#define PAGES 512u
#define CLASSES 8u
#define SLOTS 1024u

struct slab {
  struct slab *next;
  struct slab *previous;
  void *free;
  u16 used;
  u16 class;
};

struct heap {
  struct slab *free_pages;
  u32 pages_used;
  struct slab *partial[CLASSES];
};

/* 16, 32, … 2048 bytes. */
static inline u32 class_of(u32 size)
{
  return size <= 16 ? 0 : 28 - __builtin_clz(size - 1);
}

static void add_partial(struct heap *heap, struct slab *slab)
{
  struct slab *next = heap->partial[slab->class];
  slab->next = next;
  slab->previous = 0;
  if (next)
    next->previous = slab;
  heap->partial[slab->class] = slab;
}

static void remove_partial(struct heap *heap, struct slab *slab)
{
  if (slab->next)
    slab->next->previous = slab->previous;
  if (slab->previous)
    slab->previous->next = slab->next;
  else
    heap->partial[slab->class] = slab->next;
}

static struct slab *new_slab(struct heap *heap, u32 class)
{
  struct slab *slab = heap->free_pages;
  if (!slab)
    return 0;
  heap->free_pages = slab->next;
  heap->pages_used++;
  u32 size = 16u << class;
  u8 *object = (u8 *)slab + (size < 32 ? 32 : size);
  u8 *end = (u8 *)slab + PAGE;
  slab->free = 0;
  slab->used = 0;
  slab->class = class;
  for (; object + size <= end; object += size) {
    *(void **)object = slab->free;
    slab->free = object;
  }
  add_partial(heap, slab);
  return slab;
}

static void *allocate(struct heap *heap, u32 size)
{
  u32 class = class_of(size);
  struct slab *slab = heap->partial[class];
  if (!slab) {
    slab = new_slab(heap, class);
    if (!slab)
      return 0;
  }
  void **object = slab->free;
  slab->free = *object;
  slab->used++;
  if (!slab->free)
    remove_partial(heap, slab);
  return object;
}

static void release(struct heap *heap, void *object)
{
  struct slab *slab = (struct slab *)((u32)object & -PAGE);
  if (!slab->free)
    add_partial(heap, slab);
  *(void **)object = slab->free;
  slab->free = object;
  if (--slab->used != 0)
    return;
  remove_partial(heap, slab);
  slab->next = heap->free_pages;
  heap->free_pages = slab;
  heap->pages_used--;
}

RUN(u8 *arena, u32 rounds)
{
  struct heap *heap = (struct heap *)arena;
  void **objects = (void **)(arena + PAGE);
  u32 random = 4242;
  u32 checksum = 0;
  heap->free_pages = 0;
  heap->pages_used = 0;
  for (u32 i = 0; i < CLASSES; i++)
    heap->partial[i] = 0;
  for (u32 i = 0; i < PAGES; i++) {
    struct slab *page = (struct slab *)(arena + (i + 4) * PAGE);
    page->next = heap->free_pages;
    heap->free_pages = page;
  }
  for (u32 i = 0; i < SLOTS; i++)
    objects[i] = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 8192; i++) {
      random = next_random(random);
      u32 slot = random >> 12 & (SLOTS - 1);
      if (objects[slot]) {
        checksum = mix(checksum, (u32)objects[slot] - (u32)arena);
        release(heap, objects[slot]);
        objects[slot] = 0;
      } else {
        objects[slot] = allocate(heap, (random >> 24) * (random >> 28 & 7) + 1);
      }
    }
    checksum = mix(checksum, heap->pages_used);
  }
  return checksum;
}
