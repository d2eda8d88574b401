/* Records sorted by a key, and found again: pointers, structures, stack. */
typedef struct { unsigned key, count; unsigned short tag[4]; } Record;
static Record records[4000];

static void sift(unsigned root, unsigned end) {
  for (unsigned child; (child = 2 * root + 1) < end; root = child) {
    if (child + 1 < end && records[child].key < records[child + 1].key) child++;
    if (records[root].key >= records[child].key) return;
    Record kept = records[root];
    records[root] = records[child];
    records[child] = kept;
  }
}

static Record *find(unsigned key) {
  unsigned low = 0, high = 4000;
  while (low < high) {
    unsigned middle = (low + high) / 2;
    if (records[middle].key < key) low = middle + 1;
    else high = middle;
  }
  return &records[low];
}

int main(void) {
  unsigned seed = 1, sum = 0;
  for (unsigned i = 0; i < 4000; i++) {
    seed = seed * 1103515245 + 12345;
    records[i].key = seed >> 4;
    records[i].tag[i & 3] = seed;
  }
  for (unsigned i = 2000; i-- > 0;) sift(i, 4000);
  for (unsigned end = 4000; end-- > 1;) {
    Record kept = records[0];
    records[0] = records[end];
    records[end] = kept;
    sift(0, end);
  }
  for (unsigned i = 0; i < 40000; i++) {
    seed = seed * 1103515245 + 12345;
    Record *found = find(records[seed % 4000].key);
    found->count++;
    sum += found->tag[i & 3] + found->count;
  }
  return sum & 127;
}
