// A text of random words, the same each time, for what packs.

#include <string.h>

enum { SIZE = 200000 };
static unsigned char text[SIZE];

static unsigned seed = 12345;

static unsigned random_below(unsigned limit) {
  seed = seed * 1103515245 + 12345;
  return (seed >> 8) % limit;
}

static void fill(void) {
  static char words[400][12];
  for (int i = 0; i < 400; i++) {
    int length = 2 + random_below(8);
    for (int j = 0; j < length; j++) {
      unsigned one = random_below(26), other = random_below(26);
      words[i][j] = 'a' + one * other / 26;
    }
  }
  for (unsigned at = 0; at < SIZE;) {
    unsigned range = 1 + random_below(400);
    for (char *from = words[random_below(range)]; *from && at < SIZE;) text[at++] = *from++;
    if (at < SIZE) text[at++] = random_below(12) ? ' ' : '\n';
  }
}

// Whether it is the text. Compared here by words, because the memcmp of glibc is written for vectors
// and that of WASI's library byte by byte, and what is measured are not C libraries.
static int is_text(const unsigned char *bytes) {
  for (unsigned i = 0; i < SIZE; i += sizeof(unsigned)) {
    unsigned one, other;
    memcpy(&one, bytes + i, sizeof one);
    memcpy(&other, text + i, sizeof other);
    if (one != other) return 0;
  }
  return 1;
}
