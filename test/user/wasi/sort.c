// sort FILE...: sorts the lines of files, or of standard input.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **lines;
static size_t count, room;

static int take(FILE *file) {
  char *line = 0;
  size_t size = 0;
  while (getline(&line, &size, file) >= 0) {
    if (count == room) {
      room = room ? 2 * room : 4;
      lines = realloc(lines, room * sizeof *lines);
      if (!lines) return -1;
    }
    lines[count++] = strdup(line);
  }
  free(line);
  return 0;
}

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
  int status = 0;
  if (argc == 1) take(stdin);
  for (int i = 1; i < argc; i++) {
    FILE *file = fopen(argv[i], "r");
    if (!file) {
      fprintf(stderr, "sort: %s: %s\n", argv[i], strerror(errno));
      status = 2;
      continue;
    }
    take(file);
    fclose(file);
  }
  qsort(lines, count, sizeof *lines, compare);
  for (size_t i = 0; i < count; i++) fputs(lines[i], stdout);
  return status;
}
