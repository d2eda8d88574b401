// Paths that would leave the directory that they begin in, and what else Node's WASI has otherwise.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

static void say(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerror(errno));
  else printf("%s: %ld\n", what, result);
}

/** Every path that leaves the directory is refused, whatever it is made of. */
static void escapes(void) {
  struct stat found;
  close(open("data", O_WRONLY | O_CREAT, 0644));
  say("mkdir", mkdir("dir", 0755));
  say("up", stat("..", &found));
  say("up and back", stat("dir/../../out/secret", &found));
  say("symlink outwards", symlink("../out/secret", "out1"));
  say("by it", open("out1", O_RDONLY));
  say("symlink to its directory", symlink("../out", "out2"));
  say("by that", open("out2/secret", O_RDONLY));
  say("new by that", open("out2/new", O_WRONLY | O_CREAT, 0644));
  say("remove by that", unlink("out2/secret"));
  say("rename by that", rename("data", "out2/data"));
  say("link by that", link("out2/secret", "in"));
  say("mkdir by that", mkdir("out2/d", 0755));
  say("an absolute link", symlink("/etc/passwd", "out5"));
  say("by it", open("out5", O_RDONLY));
  say("up from what is not there", stat("nowhere/../data", &found));
  say("in two steps", symlink("out2/secret", "out3"));
  say("by those", stat("out3", &found));
  say("to what is not there yet", symlink("dir/new", "out4"));
  say("new by that", open("out4", O_WRONLY | O_CREAT, 0644) >= 0);
  say("it is there", stat("dir/new", &found));
  say("open a link itself", open("out4", O_RDONLY | O_NOFOLLOW));
}

static void others(void) {
  struct timespec before, after, pause = {0, 2000000};
  say("clock", clock_gettime(CLOCK_MONOTONIC, &before));
  say("sleep", nanosleep(&pause, 0));
  clock_gettime(CLOCK_MONOTONIC, &after);
  long long passed = (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
  say("slept long enough", passed >= 2000000);
  say("this is no time before 2020", time(0) > 1577836800);
  uint8_t one[16], two[16];
  say("random", getentropy(one, sizeof one));
  getentropy(two, sizeof two);
  say("random each time", memcmp(one, two, sizeof one) != 0);
  int flags = open("data", O_RDWR);
  say("not blocking", fcntl(flags, F_SETFL, O_NONBLOCK));
  say("its flag", (fcntl(flags, F_GETFL) & O_NONBLOCK) != 0);
  struct pollfd file = {open("data", O_RDONLY), POLLIN, 0};
  say("poll", poll(&file, 1, 1000));
  say("is ready", (file.revents & POLLIN) != 0);
  say("a pointer outside of memory", __wasi_random_get((uint8_t *)0xfffffff0, 64) != 0);
  say("a yield", sched_yield());
}

int main(void) {
  escapes();
  others();
  return 0;
}
