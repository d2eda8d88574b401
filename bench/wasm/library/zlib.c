// zlib: a text of random words packed at three levels and unpacked again.

#include <stdio.h>
#include <stdlib.h>
#include "text.h"
#include "zlib.h"

static unsigned char packed[SIZE + 1000], out[SIZE];

static voidpf take(voidpf unused, uInt count, uInt size) { return calloc(count, size); }
static void drop(voidpf unused, voidpf block) { free(block); }

int main(void) {
  fill();
  for (int level = 1; level <= 9; level += 4) {
    z_stream to = {.zalloc = take, .zfree = drop};
    deflateInit2(&to, level, Z_DEFLATED, 15, 8, Z_DEFAULT_STRATEGY);
    to.next_in = text, to.avail_in = SIZE, to.next_out = packed, to.avail_out = sizeof packed;
    if (deflate(&to, Z_FINISH) != Z_STREAM_END) return 1;
    unsigned size = to.total_out;
    deflateEnd(&to);
    z_stream from = {.zalloc = take, .zfree = drop};
    inflateInit2(&from, 15);
    from.next_in = packed, from.avail_in = size, from.next_out = out, from.avail_out = SIZE;
    if (inflate(&from, Z_FINISH) != Z_STREAM_END || from.total_out != SIZE) return 2;
    inflateEnd(&from);
    if (!is_text(out)) return 3;
    printf("%d %u %08lx\n", level, size, (unsigned long)crc32(0, packed, size));
  }
  return 0;
}
