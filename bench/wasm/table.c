/* A checksum by table, a matrix product, and 64-bit mixing: constants, floats, wide integers. */
static unsigned crcs[256];
static unsigned char bytes[65536];
static double a[48][48], b[48][48], c[48][48];
static unsigned long long state[8];

int main(void) {
  unsigned crc = ~0u;
  for (unsigned i = 0; i < 256; i++) {
    unsigned value = i;
    for (int k = 0; k < 8; k++) value = (value >> 1) ^ (value & 1 ? 0xedb88320 : 0);
    crcs[i] = value;
  }
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = i * i >> 3;
  for (unsigned round = 0; round < 4; round++) {
    for (unsigned i = 0; i < sizeof bytes; i++) crc = crcs[(crc ^ bytes[i]) & 255] ^ crc >> 8;
  }
  for (int i = 0; i < 48; i++) {
    for (int j = 0; j < 48; j++) {
      a[i][j] = i - 2 * j;
      b[i][j] = i * j % 7;
    }
  }
  for (int i = 0; i < 48; i++) {
    for (int j = 0; j < 48; j++) {
      double sum = 0;
      for (int k = 0; k < 48; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  for (unsigned i = 0; i < 40000; i++) {
    unsigned long long *s = &state[i & 7];
    *s = (*s ^ (*s << 13)) * 6364136223846793005ull + crc + i;
    state[(i + 3) & 7] ^= *s >> 17;
  }
  return (crc ^ (unsigned)state[5] ^ (unsigned)(int)c[17][31]) & 127;
}
