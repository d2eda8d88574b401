/* Signals to threads and to their process, and the ways in which threads and processes end. */

#include "check.h"
#include <fcntl.h>

static volatile sig_atomic_t by_thread, by_first;
static pthread_t first;
static sem_t started;
/* The id of the thread that posts `started`. */
static volatile pid_t sleeper;

static void handle(int signal) {
  (void)signal;
  if (pthread_equal(pthread_self(), first)) by_first++;
  else by_thread++;
}

static void tell_id(void) {
  sleeper = syscall(SYS_gettid);
  sem_post(&started);
}

static void *be_interrupted(void *argument) {
  struct timespec time = {1000, 0};
  tell_id();
  CHECK(nanosleep(&time, NULL) == -1 && errno == EINTR);
  return argument;
}

static void *wait_for_signal(void *argument) {
  sigset_t set;
  int signal = 0;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  tell_id();
  sigwait(&set, &signal);
  return (void *)(signal + (long)argument);
}

/* The letter that /proc has for what a thread of this process does. */
static char state_of(pid_t thread) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  int file = open(path, O_RDONLY);
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  CHECK(size > 0);
  text[size > 0 ? size : 0] = 0;
  /* After the name, which is in parentheses. */
  char *end = strrchr(text, ')');
  return end ? end[2] : 0;
}

/* A signal that came before the thread sleeps would not interrupt it. */
static pthread_t start_sleeping(void *(*run)(void *)) {
  pthread_t thread = start(run, 0);
  sem_wait(&started);
  while (state_of(sleeper) != 'S') sched_yield();
  return thread;
}

static void signals(void) {
  sigset_t set, before;
  first = pthread_self();
  sem_init(&started, 0, 0);
  struct sigaction action = {.sa_handler = handle};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t thread = start_sleeping(be_interrupted);
  CHECK(pthread_kill(thread, SIGUSR1) == 0);
  join(thread);
  raise(SIGUSR1);
  printf("to one: thread %d, first %d\n", by_thread, by_first);

  /* The first thread blocks what is sent to the process: the other takes it. */
  thread = start_sleeping(be_interrupted);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, &before);
  kill(getpid(), SIGUSR1);
  join(thread);
  thread = start_sleeping(wait_for_signal);
  kill(getpid(), SIGUSR2);
  CHECK(join(thread) == SIGUSR2);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  printf("to all: thread %d, first %d\n", by_thread, by_first);
}

static void *look_at_ids(void *argument) {
  char name[16];
  struct timespec time;
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  CHECK(pthread_setname_np(pthread_self(), "worker") == 0);
  CHECK(pthread_getname_np(pthread_self(), name, sizeof name) == 0 && !strcmp(name, "worker"));
  CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0) == 0);
  CHECK(syscall(SYS_tgkill, getpid() + 1000, syscall(SYS_gettid), 0) == -1 && errno == ESRCH);
  CHECK(kill(syscall(SYS_gettid), 0) == 0 || errno == ESRCH);
  return (void *)(syscall(SYS_gettid) != getpid() ? argument : NULL);
}

static void *rest(void *argument) {
  while (1) pause();
  return argument;
}

static void *end_process(void *argument) { _exit((int)(long)argument); }

static void *crash(void *argument) {
  *(volatile int *)argument = 1;
  return NULL;
}

static void *leave_late(void *argument) {
  sleep_for(30);
  return argument;
}

#define LEAVE "leave"

static char *self;

static void *execute(void *argument) {
  char *arguments[] = {self, "executed", NULL};
  execv(self, arguments);
  /* Of two that try at once, one may be told to try again before it ends. */
  if (errno != EAGAIN) _exit(8);
  return argument;
}

static void exit_by_thread(void) {
  for (int i = 0; i < 3; i++) start(rest, 0);
  start(end_process, 42);
  rest(NULL);
}

/* In a program of its own: musl's list of threads stays locked if who leaves came from fork. */
static void first_leaves(void) {
  char *arguments[] = {self, LEAVE, NULL};
  execv(self, arguments);
}

static void leave_first(void) {
  start(leave_late, 0);
  start(leave_late, 0);
  pthread_exit(NULL);
}

static void crash_in_thread(void) {
  start(rest, 0);
  start(crash, 0);
  rest(NULL);
}

static void abort_with_threads(void) {
  start(rest, 0);
  abort();
}

static void execute_in_thread(void) {
  start(rest, 0);
  start(execute, 0);
  rest(NULL);
}

/* Two threads run another program at once: one of them does. */
static void execute_twice(void) {
  start(execute, 0);
  execute(NULL);
}

static void try(const char *what, void (*run)(void)) {
  int status = 0;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    run();
    _exit(77);
  }
  CHECK(waitpid(child, &status, 0) == child);
  printf("%s: status 0x%x\n", what, status & ~0x80);
}

static void stop_and_kill(void) {
  int status;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    start(rest, 0);
    rest(NULL);
  }
  sleep_for(20);
  kill(child, SIGSTOP);
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  kill(child, SIGCONT);
  CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
  kill(child, SIGKILL);
  CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
}

int main(int count, char **arguments) {
  self = arguments[0];
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count > 1 && !strcmp(arguments[1], LEAVE)) leave_first();
  if (count > 1) {
    printf("%s, first %d\n", arguments[1], syscall(SYS_gettid) == getpid());
    return 5;
  }
  signals();
  printf("ids differ: %ld\n", join(start(look_at_ids, 1)));
  try("exit by a thread", exit_by_thread);
  try("the first leaves", first_leaves);
  try("a crash", crash_in_thread);
  try("abort", abort_with_threads);
  try("execve in a thread", execute_in_thread);
  try("execve in two", execute_twice);
  stop_and_kill();
  return 9;
}
