#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static volatile unsigned long steps[2];
static void *spin(void *number) {
  for (int i = 0; i < 3000000; i++) steps[(long)number]++;
  return 0;
}
static void show(const char *what, clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  printf("%s %ld.%09ld\n", what, (long)t.tv_sec, t.tv_nsec);
}
int main(void) {
  unsigned char random[8];
  getrandom(random, sizeof random, 0);
  for (int i = 0; i < 8; i++) printf("%02x", random[i]);
  printf("\npid %d stack %p heap %p\n", getpid(), (void *)random, malloc(100));
  show("real", CLOCK_REALTIME);
  show("monotonic", CLOCK_MONOTONIC);
  printf("tsc %llu\n", (unsigned long long)__rdtsc());
  pthread_t thread;
  pthread_create(&thread, 0, spin, (void *)1);
  spin(0);
  printf("the other had taken %lu steps\n", steps[1]);
  pthread_join(thread, 0);
  if (fork() == 0) {
    usleep(12345);
    _exit(3);
  }
  int status;
  wait(&status);
  show("cpu", CLOCK_PROCESS_CPUTIME_ID);
  show("monotonic", CLOCK_MONOTONIC);
  printf("tsc %llu\n", (unsigned long long)__rdtsc());
  return 0;
}
