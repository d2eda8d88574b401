/* 16 producers and 16 consumers with a ring of 8 places. */

#include "check.h"

#define SIDE 16
#define EACH 100
#define PLACES 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static long ring[PLACES], in, out, held, consumed;

static void *produce(void *argument) {
  for (int i = 0; i < EACH; i++) {
    pthread_mutex_lock(&mutex);
    while (held == PLACES) pthread_cond_wait(&emptied, &mutex);
    ring[in++ % PLACES] = (long)argument * EACH + i;
    held++;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static void *consume(void *argument) {
  for (int i = 0; i < EACH; i++) {
    pthread_mutex_lock(&mutex);
    while (held == 0) pthread_cond_wait(&filled, &mutex);
    consumed += ring[out++ % PLACES];
    held--;
    pthread_cond_signal(&emptied);
    pthread_mutex_unlock(&mutex);
  }
  return argument;
}

int main(void) {
  pthread_t threads[2 * SIDE];
  for (long i = 0; i < SIDE; i++) {
    threads[i] = start(produce, i);
    threads[SIDE + i] = start(consume, i);
  }
  for (int i = 0; i < 2 * SIDE; i++) join(threads[i]);
  printf("consumed %ld, left %ld\n", consumed, held);
  return 7;
}
