/* Two threads that count, and one that waits for ever. */
#include <pthread.h>
#include <unistd.h>

volatile unsigned long count[2];

static void *spin(void *which) {
  for (;;)
    count[(long)which]++;
}

static void *wait(void *unused) {
  (void)unused;
  for (;;)
    pause();
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, 0, wait, 0);
  pthread_create(&thread, 0, spin, (void *)0);
  spin((void *)1);
}
