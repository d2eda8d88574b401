/* Each primitive of POSIX threads: what it does, and what it refuses. */

#include "check.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static sem_t done;

static void *twice(void *argument) { return (void *)((long)argument * 2); }

static void *post(void *argument) {
  sem_post(&done);
  return argument;
}

static void creation(void) {
  pthread_t threads[4];
  long sum = 0;
  for (long i = 0; i < 4; i++) threads[i] = start(twice, i);
  for (int i = 0; i < 4; i++) sum += join(threads[i]);
  sem_init(&done, 0, 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  CHECK(pthread_create(&threads[0], &attributes, post, NULL) == 0);
  sem_wait(&done);
  CHECK(pthread_detach(start(post, 0)) == 0);
  sem_wait(&done);
  printf("joined: %ld\n", sum);
}

static long counter;

static void *count(void *argument) {
  for (int i = 0; i < 1000; i++) {
    pthread_mutex_lock(&mutex);
    long before = counter;
    if (i % 100 == 0) sched_yield();
    counter = before + 1;
    pthread_mutex_unlock(&mutex);
  }
  return argument;
}

static void *keep(void *lock) {
  pthread_mutex_lock(lock);
  return NULL;
}

static void dead_owner(pthread_mutex_t *lock) {
  CHECK(pthread_mutex_lock(lock) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(lock) == 0);
  CHECK(pthread_mutex_unlock(lock) == 0);
  CHECK(pthread_mutex_lock(lock) == 0);
  CHECK(pthread_mutex_unlock(lock) == 0);
}

static void mutexes(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = start(count, 0);
  for (int i = 0; i < 4; i++) join(threads[i]);
  printf("counted: %ld\n", counter);

  pthread_mutexattr_t kind;
  pthread_mutex_t lock;
  pthread_mutexattr_init(&kind);
  pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&lock, &kind);
  CHECK(pthread_mutex_lock(&lock) == 0 && pthread_mutex_lock(&lock) == 0);
  CHECK(pthread_mutex_unlock(&lock) == 0 && pthread_mutex_unlock(&lock) == 0);
  CHECK(pthread_mutex_unlock(&lock) == EPERM);
  pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&lock, &kind);
  CHECK(pthread_mutex_lock(&lock) == 0);
  CHECK(pthread_mutex_lock(&lock) == EDEADLK);
  CHECK(pthread_mutex_trylock(&lock) == EBUSY);
  pthread_mutex_lock(&mutex);
  struct timespec end = after(CLOCK_REALTIME, 20);
  CHECK(pthread_mutex_timedlock(&mutex, &end) == ETIMEDOUT);
  pthread_mutex_unlock(&mutex);

  pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_NORMAL);
  pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&lock, &kind);
  join(start(keep, (long)&lock));
  dead_owner(&lock);

  /* A process waits for the lock, gets it, and dies with it. */
  int flags = MAP_SHARED | MAP_ANONYMOUS;
  pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
  pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(shared, &kind);
  pthread_mutex_lock(shared);
  pid_t child = fork();
  if (child == 0) _exit(pthread_mutex_lock(shared) == 0 ? 3 : 4);
  sleep_for(20);
  pthread_mutex_unlock(shared);
  int status;
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
  dead_owner(shared);
}

static long turn;

static void *take_turns(void *argument) {
  for (int i = 0; i < 50; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != (long)argument) pthread_cond_wait(&changed, &mutex);
    turn = (turn + 1) % 3;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static void conditions(void) {
  pthread_t threads[3];
  for (long i = 0; i < 3; i++) threads[i] = start(take_turns, i);
  for (int i = 0; i < 3; i++) join(threads[i]);
  pthread_condattr_t kind;
  pthread_cond_t never;
  pthread_condattr_init(&kind);
  pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
  pthread_cond_init(&never, &kind);
  pthread_mutex_lock(&mutex);
  struct timespec end = after(CLOCK_REALTIME, 30);
  CHECK(pthread_cond_timedwait(&changed, &mutex, &end) == ETIMEDOUT);
  end = after(CLOCK_MONOTONIC, 30);
  CHECK(pthread_cond_timedwait(&never, &mutex, &end) == ETIMEDOUT);
  struct timespec now = after(CLOCK_MONOTONIC, 0);
  CHECK(now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec));
  pthread_mutex_unlock(&mutex);
  printf("turn: %ld\n", turn);
}

static pthread_rwlock_t shelf = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static int written, last, initialised;

static void initialise(void) {
  initialised++;
  sleep_for(5);
}

static void *read_or_write(void *argument) {
  pthread_once(&once, initialise);
  for (int i = 0; i < 100; i++) {
    if ((long)argument % 4 == 0) {
      pthread_rwlock_wrlock(&shelf);
      written++;
    } else {
      pthread_rwlock_rdlock(&shelf);
      int before = written;
      sched_yield();
      CHECK(before == written);
    }
    pthread_rwlock_unlock(&shelf);
  }
  if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) last++;
  sem_wait(&done);
  sched_yield();
  sem_post(&done);
  return NULL;
}

static void others(void) {
  pthread_t threads[8];
  pthread_barrier_init(&barrier, NULL, 8);
  sem_init(&done, 0, 2);
  for (long i = 0; i < 8; i++) threads[i] = start(read_or_write, i);
  for (int i = 0; i < 8; i++) join(threads[i]);
  sem_wait(&done);
  sem_wait(&done);
  struct timespec end = after(CLOCK_REALTIME, 10);
  CHECK(sem_timedwait(&done, &end) == -1 && errno == ETIMEDOUT);
  printf("written %d, last %d, initialised %d\n", written, last, initialised);
}

static pthread_key_t key;
static __thread long local = 7;
static long destroyed;

static void destroy(void *value) { __sync_fetch_and_add(&destroyed, (long)value); }

static void *use_local(void *argument) {
  pthread_setspecific(key, argument);
  local += (long)argument;
  sched_yield();
  return (void *)local;
}

static void locals(void) {
  pthread_t threads[4];
  long sum = 0;
  pthread_key_create(&key, destroy);
  for (long i = 0; i < 4; i++) threads[i] = start(use_local, i + 1);
  for (int i = 0; i < 4; i++) sum += join(threads[i]);
  printf("local: %ld, %ld, destroyed %ld\n", sum, local, destroyed);
}

static long cleaned;

static void clean(void *value) { cleaned += (long)value; }

static void *sleep_on(void *argument) {
  pthread_cleanup_push(clean, argument);
  while (1) pause();
  pthread_cleanup_pop(0);
}

static void unlock(void *lock) { pthread_mutex_unlock(lock); }

static void *wait_on(void *argument) {
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, &mutex);
  pthread_cleanup_push(clean, argument);
  while (1) pthread_cond_wait(&changed, &mutex);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
}

static void *spin(void *argument) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  while (1) {}
  return argument;
}

static void cancellation(void) {
  pthread_t threads[] = {start(sleep_on, 1), start(wait_on, 10), start(spin, 0)};
  sleep_for(30);
  for (int i = 0; i < 3; i++) {
    CHECK(pthread_cancel(threads[i]) == 0);
    CHECK((void *)join(threads[i]) == PTHREAD_CANCELED);
  }
  printf("cleaned: %ld\n", cleaned);
}

int main(void) {
  creation();
  mutexes();
  conditions();
  others();
  locals();
  cancellation();
  return 0;
}
