/* What these programs have in common. They print the same on Linux and on our kernel. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Says what is not as it should be. */
#define CHECK(condition) \
  do { \
    if (!(condition)) printf("line %d: not so: %s (%d)\n", __LINE__, #condition, errno); \
  } while (0)

static inline pthread_t start(void *(*run)(void *), long argument) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, (void *)argument) == 0);
  return thread;
}

static inline long join(pthread_t thread) {
  void *result = NULL;
  CHECK(pthread_join(thread, &result) == 0);
  return (long)result;
}

static inline struct timespec after(clockid_t clock, long milliseconds) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += milliseconds * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static inline void sleep_for(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&time, &time) != 0) {}
}
