// bzip2: a text of random words packed and unpacked again.

#include <stdio.h>
#include "text.h"
#include "bzlib.h"

static char packed[SIZE + 2000], out[SIZE];

void bz_internal_error(int code) { printf("error %d\n", code); }

int main(void) {
  fill();
  unsigned size = sizeof packed, length = SIZE, sum = 0;
  if (BZ2_bzBuffToBuffCompress(packed, &size, (char *)text, SIZE, 2, 0, 0) != BZ_OK) return 1;
  if (BZ2_bzBuffToBuffDecompress(out, &length, packed, size, 0, 0) != BZ_OK) return 2;
  if (length != SIZE || !is_text((unsigned char *)out)) return 3;
  for (unsigned i = 0; i < size; i++) sum = sum * 31 + (unsigned char)packed[i];
  printf("%u %08x\n", size, sum);
  return 0;
}
