/* What a program of csmith needs in a module without a C library: `run` gives its checksum. */
#include <stdarg.h>

static unsigned checksum;

/* csmith prints its checksum, and nothing else. */
int printf(const char *format, ...) {
  va_list list;
  va_start(list, format);
  checksum = va_arg(list, unsigned);
  va_end(list);
  return 0;
}

int program(void);

__attribute__((export_name("run"))) unsigned run(void) {
  program();
  return checksum;
}
