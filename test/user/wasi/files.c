// What POSIX programs do with files, by wasi-libc, and what they get where it fails.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

static void say(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerror(errno));
  else printf("%s: %ld\n", what, result);
}

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) {
    say(path, -1);
    return;
  }
  char *names[64];
  int count = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_name[0] == '.') continue;
    char text[300];
    snprintf(text, sizeof text, "%s %d", entry->d_name, entry->d_type);
    names[count++] = strdup(text);
  }
  closedir(directory);
  qsort(names, count, sizeof *names, compare);
  printf("%s:", path);
  for (int i = 0; i < count; i++) printf(" %s", names[i]);
  printf("\n");
}

static void show(const char *path) {
  struct stat found;
  if (lstat(path, &found) < 0) {
    say(path, -1);
    return;
  }
  printf("%s: mode %x size %lld links %d\n", path, found.st_mode & S_IFMT,
         S_ISDIR(found.st_mode) ? 0LL : (long long)found.st_size,
         S_ISDIR(found.st_mode) ? 0 : (int)found.st_nlink);
}

static void contents(void) {
  char text[32] = "";
  int file = open("data", O_RDWR | O_CREAT | O_EXCL, 0644);
  say("create", file >= 0);
  say("create again", open("data", O_RDWR | O_CREAT | O_EXCL, 0644));
  say("write", write(file, "0123456789", 10));
  say("seek", lseek(file, -4, SEEK_END));
  say("read", read(file, text, 2));
  say("tell", lseek(file, 0, SEEK_CUR));
  say("seek before the start", lseek(file, -1, SEEK_SET));
  say("pwrite", pwrite(file, "abc", 3, 4));
  say("pread", pread(file, text, 31, 0));
  printf("%s\n", text);
  say("truncate", ftruncate(file, 6));
  say("sync", fsync(file));
  say("data sync", fdatasync(file));
  say("advise", posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL));
  say("allocate", posix_fallocate(file, 0, 20));
  show("data");
  struct timespec times[2] = {{1000000000, 0}, {1500000000, 0}};
  say("times", futimens(file, times));
  struct stat found;
  say("stat", fstat(file, &found));
  printf("%lld %ld\n", (long long)found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
  say("renumber", __wasi_fd_renumber(file, 9) != 0);
  say("read there", pread(9, text, 3, 0));
  say("close", close(9));
  say("close again", close(9));
  file = open("data", O_WRONLY | O_APPEND);
  say("append", write(file, "end", 3));
  say("read what is for writing", read(file, text, 1));
  close(file);
  file = open("data", O_RDONLY);
  say("write what is for reading", write(file, "x", 1));
  close(file);
}

static void names(void) {
  say("mkdir", mkdir("dir", 0755));
  say("mkdir again", mkdir("dir", 0755));
  say("mkdir with a slash", mkdir("dir/sub/", 0755));
  say("link", link("data", "dir/hard"));
  say("symlink", symlink("hard", "dir/soft"));
  say("symlink that dangles", symlink("nowhere", "dir/none"));
  say("symlink to itself", symlink("loop", "dir/loop"));
  char text[64] = "";
  say("readlink", readlink("dir/soft", text, sizeof text));
  printf("%s\n", text);
  say("readlink of a file", readlink("data", text, sizeof text));
  list(".");
  list("dir");
  list("data");
  list("nowhere");
  show("dir");
  show("dir/hard");
  show("dir/soft");
  show("dir/sub/../hard");
  struct stat found;
  say("stat of what dangles", stat("dir/none", &found));
  say("stat of a loop", stat("dir/loop", &found));
  say("open by a link", open("dir/soft", O_RDONLY) >= 0);
  say("open below a file", open("data/x", O_RDONLY));
  say("open a directory for writing", open("dir", O_WRONLY));
  say("open a file as a directory", open("data", O_RDONLY | O_DIRECTORY));
  say("rename", rename("dir/hard", "moved"));
  say("rename what is not there", rename("dir/hard", "again"));
  say("rename over a directory", rename("moved", "dir"));
  say("rmdir with something in it", rmdir("dir"));
  say("rmdir of a file", rmdir("moved"));
  say("unlink of a directory", unlink("dir"));
  say("unlink", unlink("moved"));
  say("unlink again", unlink("moved"));
  say("long name", mkdir(
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0));
  list(".");
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("argument %s\n", argv[i]);
  printf("GREETING=%s\n", getenv("GREETING") ?: "none");
  contents();
  names();
  return 42;
}
