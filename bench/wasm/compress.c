/* A compressor of the LZ kind, and back: bytes at computed places, a hash table, short loops. */
enum { SIZE = 120000, BITS = 12 };
static unsigned char text[SIZE], packed[2 * SIZE], unpacked[SIZE];
static unsigned heads[1 << BITS];

static unsigned hash(const unsigned char *p) {
  return ((p[0] | p[1] << 8 | p[2] << 16) * 2654435761u) >> (32 - BITS);
}

static unsigned pack(void) {
  unsigned out = 0;
  for (unsigned at = 0; at + 3 < SIZE;) {
    unsigned *head = &heads[hash(text + at)], from = *head, length = 0;
    *head = at;
    if (from && at - from < 65536) {
      while (length < 255 && at + length < SIZE && text[from + length] == text[at + length]) length++;
    }
    if (length < 4) {
      packed[out++] = 0;
      packed[out++] = text[at++];
    } else {
      packed[out++] = length;
      packed[out++] = at - from;
      packed[out++] = (at - from) >> 8;
      at += length;
    }
  }
  return out;
}

static unsigned unpack(unsigned size) {
  unsigned out = 0;
  for (unsigned at = 0; at < size;) {
    unsigned length = packed[at++];
    if (length == 0) unpacked[out++] = packed[at++];
    else {
      unsigned distance = packed[at] | packed[at + 1] << 8;
      at += 2;
      for (; length; length--, out++) unpacked[out] = unpacked[out - distance];
    }
  }
  return out;
}

int main(void) {
  static const char words[] = "the quick brown fox jumps over the lazy dog and the isthmus ";
  unsigned seed = 7, differ = 0;
  for (unsigned i = 0; i < SIZE; i++) {
    seed = seed * 1103515245 + 12345;
    text[i] = (seed >> 16) % 5 ? words[i % (sizeof words - 1)] : 'a' + (seed >> 24) % 4;
  }
  unsigned size = pack(), length = unpack(size);
  for (unsigned i = 0; i < length; i++) differ += text[i] != unpacked[i];
  return differ ? 1 : 2 + (size & 63);
}
