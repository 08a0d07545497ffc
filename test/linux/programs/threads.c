// threads: create, join, mutex, condition, thread-local, barrier, rwlock, once, cancel, signals to one thread
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER; static long counter; static __thread int mine = 5; static int slot, full; static pthread_barrier_t barrier; static sem_t semaphore; static pthread_once_t once = PTHREAD_ONCE_INIT; static int onces; static volatile int got; static pthread_key_t key; static int destroyed;
static void *add(void *n) { mine += (long)n; for (int i = 0; i < 20000; i++) { pthread_mutex_lock(&lock); counter++; pthread_mutex_unlock(&lock); } return (void *)(long)mine; }
static void *produce(void *unused) { for (int i = 1; i <= 200; i++) { pthread_mutex_lock(&lock); while (full) pthread_cond_wait(&emptied, &lock); slot = i; full = 1; pthread_cond_signal(&filled); pthread_mutex_unlock(&lock); } return NULL; }
static void *meet(void *p) { int r = pthread_barrier_wait(&barrier); return (void *)(long)(r == PTHREAD_BARRIER_SERIAL_THREAD); } static void first(void) { onces++; } static void *use(void *p) { pthread_once(&once, first); pthread_setspecific(key, &destroyed); sem_post(&semaphore); return p; } static void gone(void *p) { ++*(int *)p; }
static void cleanup(void *p) { *(int *)p = 1; } static void *forever(void *p) { pthread_cleanup_push(cleanup, p); for (;;) pause(); pthread_cleanup_pop(0); return NULL; } static void note(int s) { got = gettid() != getpid(); } static void *target(void *p) { while (!got) usleep(1000); return NULL; } static void *leave(void *p) { pthread_exit(p); }
int main(void) {
  pthread_t t[8]; void *r; long sum = 0; for (long i = 0; i < 8; i++) pthread_create(&t[i], NULL, add, (void *)i); for (int i = 0; i < 8; i++) { pthread_join(t[i], &r); sum += (long)r; } printf("%ld %ld %d\n", counter, sum, mine);
  pthread_create(t, NULL, produce, NULL); sum = 0; for (int i = 0; i < 200; i++) { pthread_mutex_lock(&lock); while (!full) pthread_cond_wait(&filled, &lock); sum += slot; full = 0; pthread_cond_signal(&emptied); pthread_mutex_unlock(&lock); } pthread_join(t[0], NULL); printf("%ld\n", sum);
  pthread_barrier_init(&barrier, NULL, 4); for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, meet, NULL); sum = 0; for (int i = 0; i < 4; i++) { pthread_join(t[i], &r); sum += (long)r; } printf("%ld\n", sum);
  sem_init(&semaphore, 0, 0); pthread_key_create(&key, gone); for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, use, (void *)i); for (int i = 0; i < 4; i++) sem_wait(&semaphore); for (int i = 0; i < 4; i++) pthread_join(t[i], &r); printf("%d %d\n", onces, destroyed);
  int cleaned = 0; pthread_create(t, NULL, forever, &cleaned); usleep(20000); pthread_cancel(t[0]); pthread_join(t[0], &r); printf("%d %d\n", r == PTHREAD_CANCELED, cleaned);
  signal(SIGUSR1, note); pthread_create(t, NULL, target, NULL); pthread_kill(t[0], SIGUSR1); pthread_join(t[0], NULL); printf("%d\n", got);
  struct timespec until; clock_gettime(CLOCK_REALTIME, &until); until.tv_nsec += 30000000; if (until.tv_nsec >= 1000000000) { until.tv_nsec -= 1000000000; until.tv_sec++; } pthread_mutex_lock(&lock); printf("%s\n", strerror(pthread_cond_timedwait(&filled, &lock, &until))); pthread_mutex_unlock(&lock); printf("%s\n", strerror(sem_trywait(&semaphore) ? errno : 0));
  pthread_mutexattr_t attr; pthread_mutexattr_init(&attr); pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK); pthread_mutex_t checked; pthread_mutex_init(&checked, &attr); pthread_mutex_lock(&checked); printf("%s\n", strerror(pthread_mutex_lock(&checked)));
  pthread_attr_t small; pthread_attr_init(&small); pthread_attr_setstacksize(&small, 65536); pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED); for (int i = 0; i < 50; i++) { pthread_t d; if (pthread_create(&d, &small, leave, NULL)) printf("failed\n"); } usleep(50000);
  pthread_create(t, NULL, leave, (void *)6); pthread_join(t[0], &r); printf("%ld\n", (long)r); pthread_create(t, NULL, forever, &cleaned); exit(4);
}
