/* How much time passes in the call of a function that does nothing. */
#include <stdio.h>
#include <time.h>

static long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void __attribute__((noinline)) nothing(void) { __asm__ volatile(""); }

int main(void) {
  long before = now_ms();
  nothing();
  printf("passed %ld ms\n", now_ms() - before);
  return 0;
}
